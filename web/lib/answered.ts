/** What a query of the town answers, for a part of the page that no topic feeds. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { CommandInput, CommandName, CommandValue, ErrorBody } from "../../protocol/index.ts";
import { useConnection, useConnectionState } from "./town.tsx";

export interface Answered<V> {
  /** The newest answer; null before the first. */
  value: V | null;
  error: ErrorBody | null;
  again: () => Promise<void>;
}

/** Asked when it is shown, when the town is there again, and whenever `stamp` changes; only the newest answer counts. */
export function useAnswered<N extends CommandName>(
  name: N,
  body: CommandInput<N>,
  stamp = "",
): Answered<CommandValue<N>> {
  const connection = useConnection();
  const online = useConnectionState().phase === "online";
  const [value, setValue] = useState<CommandValue<N> | null>(null);
  const [error, setError] = useState<ErrorBody | null>(null);
  const newest = useRef(0);
  const asked = JSON.stringify(body);
  const again = useCallback(async () => {
    newest.current += 1;
    const mine = newest.current;
    const answer = await connection.call(name, JSON.parse(asked) as CommandInput<N>);
    if (mine !== newest.current) return;
    if (answer.ok) setValue(answer.value);
    setError(answer.ok ? null : answer.error);
  }, [connection, name, asked]);
  useEffect(() => {
    if (online) void again();
    return () => {
      newest.current += 1;
    };
  }, [again, online, stamp]);
  return { value, error, again };
}
