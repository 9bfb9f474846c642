/** The commits that agents made for a bead, with their pages where the code host has them. */
import type { BeadCommit } from "../../protocol/index.ts";
import { Part } from "./sections.tsx";
import { useAnswered } from "../lib/answered.ts";
import { Age } from "../ui/age.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Refusal } from "../ui/feedback.tsx";

export function CommitsPart({ beadId, headOid }: { beadId: string; headOid: string }) {
  const { value: commits, error } = useAnswered("bead.commits", { bead: beadId }, headOid);
  if (error)
    return (
      <Part title="Commits">
        <Refusal error={error} />
      </Part>
    );
  if (commits === null || commits.length === 0) return null;
  return (
    <Part title="Commits" count={commits.length}>
      <ul className="space-y-2.5 text-sm">
        {commits.map((commit) => (
          <Commit key={commit.oid} commit={commit} />
        ))}
      </ul>
    </Part>
  );
}

function Commit({ commit: { oid, subject, author, committer, at, page } }: { commit: BeadCommit }) {
  return (
    <li>
      <p className="[overflow-wrap:anywhere]">
        {page === null ? (
          subject
        ) : (
          <a
            href={page}
            target="_blank"
            rel="noreferrer"
            className="underline decoration-line underline-offset-2 hover:decoration-current"
          >
            {subject}
          </a>
        )}
      </p>
      <p className="flex flex-wrap items-center gap-x-2 text-xs text-ink-3">
        <CopyButton text={oid} label="Copy commit" shown={oid.slice(0, 12)} className="-ml-1" />
        <span>
          {author}
          {committer !== author && `, by ${committer}`}
        </span>
        <Age at={at} form="ago" />
      </p>
    </li>
  );
}
