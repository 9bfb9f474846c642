/** The whole page: logged out, or the town. */
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Connection } from "./lib/connection.ts";
import { exchangeToken, forgetLogin, keepLogin, type Login, readLogin } from "./lib/login.ts";
import { browserPorts } from "./lib/ports.ts";
import { TownProvider } from "./lib/town.tsx";
import { createPageRouter } from "./routes.tsx";
import { LoginView } from "./views/login.tsx";

type Stage =
  | { phase: "exchanging" }
  | { phase: "logged_out"; message: string | null }
  | { phase: "town"; connection: Connection };

function openTown(login: Login): Stage {
  const connection = new Connection(login.secret, browserPorts);
  connection.open();
  return { phase: "town", connection };
}

export function App({ takeToken }: { takeToken: () => string | null }) {
  const [router] = useState(createPageRouter);
  const [stage, setStage] = useState<Stage>({ phase: "exchanging" });
  useEffect(() => {
    let current: Stage = { phase: "exchanging" };
    const show = (next: Stage) => {
      if (current.phase === "town" && current !== next) current.connection.close();
      current = next;
      setStage(next);
    };
    const enter = async () => {
      const token = takeToken();
      const known = readLogin(localStorage);
      if (token === null) {
        if (current.phase !== "town")
          show(known ? openTown(known) : { phase: "logged_out", message: null });
        return;
      }
      const answer = await exchangeToken(token);
      if (answer.ok) {
        keepLogin(localStorage, answer.login);
        show(openTown(answer.login));
      } else show({ phase: "logged_out", message: answer.message });
    };
    void enter();
    const onHash = () => void enter();
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, [takeToken]);

  if (stage.phase === "exchanging") return <p className="sr-only">Logging in</p>;
  if (stage.phase === "logged_out") return <LoginView message={stage.message} />;
  return (
    <WhileWelcome connection={stage.connection}>
      <RouterProvider router={router} />
    </WhileWelcome>
  );
}

/** Shows the town until it says that this login is worth nothing any more. */
function WhileWelcome({
  connection,
  children,
}: {
  connection: Connection;
  children: React.ReactNode;
}) {
  const state = useSyncExternalStore(
    (listener) => connection.onState(listener),
    () => connection.state,
  );
  useEffect(() => {
    if (state.phase === "refused" && state.code === "unauthenticated") forgetLogin(localStorage);
  }, [state]);
  if (state.phase === "refused")
    return <LoginView message={state.message} outdated={state.code === "protocol_version"} />;
  return <TownProvider connection={connection}>{children}</TownProvider>;
}
