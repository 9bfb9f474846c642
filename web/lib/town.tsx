/** The town as components see it: topics, images, streams, commands and the connection's state. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type {
  CommandInput,
  CommandName,
  CommandValue,
  ErrorBody,
  Image,
  ImageKind,
  Result,
  Topic,
  Town,
} from "../../protocol/index.ts";
import type { Connection, ConnectionState } from "./connection.ts";
import type { RunLog } from "./run-log.ts";
import { imagesOf, type TopicState } from "./topic-state.ts";

const ConnectionContext = createContext<Connection | null>(null);

export function TownProvider({
  connection,
  children,
}: {
  connection: Connection;
  children: ReactNode;
}) {
  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}

export function useConnection(): Connection {
  const connection = useContext(ConnectionContext);
  if (!connection) throw new Error("a part of the page is outside its town");
  return connection;
}

export function useConnectionState(): ConnectionState {
  const connection = useConnection();
  return useSyncExternalStore(
    useCallback((listener) => connection.onState(listener), [connection]),
    () => connection.state,
  );
}

/** Follows a topic for as long as the component is shown. */
export function useTopic(topic: Topic): TopicState {
  const { topics } = useConnection();
  return useSyncExternalStore(
    useCallback((listener) => topics.follow(topic, listener), [topics, topic]),
    () => topics.state(topic),
  );
}

export function useTopicProblem(topic: Topic): string | null {
  const { topics } = useConnection();
  return useSyncExternalStore(
    useCallback((listener) => topics.followAll(listener), [topics]),
    () => topics.problem(topic),
  );
}

/** All images of a kind that a topic holds. */
export function useImages<K extends ImageKind>(topic: Topic, kind: K): Image<K>[] {
  return imagesOf(useTopic(topic), kind);
}

/** An image from any followed topic, or undefined when none holds it. */
export function useImage<K extends ImageKind>(kind: K, id: string | null): Image<K> | undefined {
  const { topics } = useConnection();
  return useSyncExternalStore(
    useCallback((listener) => topics.followAll(listener), [topics]),
    () => (id === null ? undefined : topics.find(kind, id)),
  );
}

export function useTown(): Town | undefined {
  return useImages("town", "town")[0];
}

/** The log of a run's stream, live while shown. */
export function useRunLog(runId: string | null): { log: RunLog; problem: string | null } {
  const { streams } = useConnection();
  const log = useSyncExternalStore(
    useCallback(
      (listener) => (runId === null ? () => undefined : streams.follow(runId, listener)),
      [streams, runId],
    ),
    () => streams.log(runId ?? ""),
  );
  return { log, problem: streams.problem(runId ?? "") };
}

/** Where a command stands: nothing sent, sent and unanswered, done, or refused with its reason. */
export type CommandState =
  | { phase: "idle" }
  | { phase: "sent" }
  | { phase: "done" }
  | { phase: "refused"; error: ErrorBody };

export interface CommandUse<N extends CommandName> {
  state: CommandState;
  run(body: CommandInput<N>): Promise<Result<CommandValue<N>>>;
  clear(): void;
}

/** A command with its state for the row that offers it. Only the newest call's answer counts. */
export function useCommand<N extends CommandName>(name: N, answerMs?: number): CommandUse<N> {
  const connection = useConnection();
  const [state, setState] = useState<CommandState>({ phase: "idle" });
  const newest = useRef(0);
  return useMemo(
    () => ({
      state,
      async run(body) {
        const mine = ++newest.current;
        setState({ phase: "sent" });
        const answer = await connection.call(name, body, answerMs);
        if (mine === newest.current) {
          setState(answer.ok ? { phase: "done" } : { phase: "refused", error: answer.error });
        }
        return answer;
      },
      clear: () => setState({ phase: "idle" }),
    }),
    [answerMs, connection, name, state],
  );
}
