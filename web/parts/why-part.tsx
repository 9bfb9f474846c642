/** Why something stands where it stands: asked of the town when it is opened and whenever it changes. */
import { useEffect, useState } from "react";
import type { CommandName, ErrorBody, Explanation, Result } from "../../protocol/index.ts";
import { Part } from "../drawers/sections.tsx";
import type { Connection } from "../lib/connection.ts";
import { useConnection } from "../lib/town.tsx";
import { IdLink, Linked } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Refusal } from "../ui/feedback.tsx";

export type WhyOf = "bead" | "review" | "convoy" | "run" | "rig";

function ask(connection: Connection, of: WhyOf, id: string): Promise<Result<Explanation>> {
  if (of === "bead") return connection.call("bead.explain", { bead: id });
  if (of === "review") return connection.call("review.explain", { review: id });
  if (of === "convoy") return connection.call("convoy.explain", { convoy: id });
  if (of === "rig") return connection.call("rig.explain", { rig: id });
  return connection.call("run.explain", { run: id });
}

/** `stamp` changes whenever the answer may have: it is asked for anew then. */
type WhyProps = { of: WhyOf; id: string; stamp: string };

/** As a part of a drawer. */
export function WhyPart(props: WhyProps) {
  const answer = useWhy(props);
  if (answer === null) return null;
  return (
    <Part title="Why it is here">
      {answer.ok ? <Why explanation={answer.value} /> : <Refusal error={answer.error} />}
    </Part>
  );
}

/** Null until it is answered. */
export function useWhy({ of, id, stamp }: WhyProps): Result<Explanation> | null {
  const connection = useConnection();
  const [answer, setAnswer] = useState<Result<Explanation> | null>(null);
  useEffect(() => {
    let current = true;
    void ask(connection, of, id).then((result) => current && setAnswer(result));
    return () => {
      current = false;
    };
  }, [connection, of, id, stamp]);
  return answer;
}

export function Why({ explanation: { text, reasons, can } }: { explanation: Explanation }) {
  return (
    <div className="space-y-2 text-sm">
      <p>{text}</p>
      {reasons.length > 0 && (
        <ul className="list-disc space-y-1 pl-5 text-ink-2">
          {reasons.map((reason) => (
            <li key={`${reason.on} ${reason.text}`} className="[overflow-wrap:anywhere]">
              <Linked text={reason.text} />
              {reason.on !== null && (
                <>
                  {" "}
                  <IdLink id={reason.on} />
                </>
              )}
              {reason.untilAt !== null && (
                <span className="text-ink-3">
                  {" "}
                  (<Age at={reason.untilAt} form="until" />)
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {can.length > 0 && (
        <div className="flex flex-wrap gap-2 pt-1">
          {can.map((remedy) => (
            <Remedy key={`${remedy.command} ${JSON.stringify(remedy.body)}`} remedy={remedy} />
          ))}
        </div>
      )}
    </div>
  );
}

/** What needs more than a click, or a second thought, is done elsewhere on the page. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "model.set",
  "review.decide",
  "rig.update",
  "run.stop",
]);

/** Nothing for what is done elsewhere. */
export function Remedy({ remedy }: { remedy: Explanation["can"][number] }) {
  const connection = useConnection();
  const [sent, setSent] = useState(false);
  const [error, setError] = useState<ErrorBody | null>(null);
  if (ELSEWHERE.has(remedy.command)) return null;
  const act = async () => {
    setSent(true);
    const result = await connection.call(remedy.command as CommandName, remedy.body);
    setSent(false);
    setError(result.ok ? null : result.error);
  };
  return (
    <div>
      <Button size="small" sent={sent} onClick={() => void act()}>
        {remedy.text}
      </Button>
      {error && <Refusal error={error} />}
    </div>
  );
}
