/** What agents and gates of a rig may reach beyond the model and the town's tools. */
import { z } from "zod";

export const DESTINATIONS_MAX = 50;

/** A name or an address with its port, in small letters; an IPv6 address in brackets. */
const destinationSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(260)
  .regex(
    /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?):[1-9]\d{0,4}$/,
    "must be host:port, such as registry.npmjs.org:443",
  );

/** Nothing; the named places; or everything of the internet. */
export const egressSchema = z.union([
  z.enum(["none", "open"]),
  z.array(destinationSchema).min(1).max(DESTINATIONS_MAX),
]);
export type Egress = z.infer<typeof egressSchema>;
