/** Strips above a view: what makes the whole page less than it seems. */
import { Link } from "@tanstack/react-router";
import { CloudOff, KeyRound } from "lucide-react";
import type { ReactNode } from "react";
import { useNow } from "../lib/now.ts";
import { useConnectionState, useTown } from "../lib/town.tsx";
import { clockTime } from "../words/age.ts";

function Strip({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div
      role="status"
      className="flex min-h-9 shrink-0 items-center gap-2.5 border-b border-line bg-lamp-soft px-4 py-1.5 text-sm text-ink"
    >
      {icon}
      <p className="min-w-0">{children}</p>
    </div>
  );
}

export function Banners() {
  const connection = useConnectionState();
  const town = useTown();
  const now = useNow(30_000);
  return (
    <>
      {connection.phase === "offline" && (
        <Strip
          icon={
            <CloudOff size={16} strokeWidth={1.5} aria-hidden className="shrink-0 text-lamp-ink" />
          }
        >
          Offline since <span className="num">{clockTime(connection.sinceAt, now)}</span>. What you
          see is from then; it goes on by itself when the town answers.
        </Strip>
      )}
      {town?.model === null && (
        <Strip
          icon={
            <KeyRound size={16} strokeWidth={1.5} aria-hidden className="shrink-0 text-lamp-ink" />
          }
        >
          No model key: nothing is dispatched.{" "}
          <Link
            to="/settings"
            search={{}}
            className="font-medium underline decoration-lamp underline-offset-3"
          >
            Choose a model in Settings
          </Link>
        </Strip>
      )}
    </>
  );
}
