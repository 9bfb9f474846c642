/** What trees of a rig have of the files whose contents Git LFS keeps outside of git. */
import { z } from "zod";

/** What git has of them, pointers; or their contents, fetched from the rig's repository. */
export const lfsPolicySchema = z.enum(["pointers", "fetched"]);
export type LfsPolicy = z.infer<typeof lfsPolicySchema>;
