/** What a person without a login sees: nothing of the town, and how to get in. */
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy.tsx";

export function LoginView({
  message,
  outdated = false,
}: {
  message: string | null;
  outdated?: boolean;
}) {
  return (
    <main className="flex min-h-full items-center justify-center p-6">
      <div className="w-full max-w-[400px]">
        <Lamp />
        <h1 className="text-xl font-semibold tracking-[-0.012em]">
          {outdated ? "This page is out of date" : "Log in to your town"}
        </h1>
        {message && (
          <p
            role="alert"
            className="mt-3 rounded-md border border-line bg-lamp-soft px-3 py-2 text-sm"
          >
            {message
              .split("`")
              .map((part, index) =>
                index % 2 === 1 ? <code key={index}>{part}</code> : <span key={index}>{part}</span>,
              )}
          </p>
        )}
        {outdated ? (
          <>
            <p className="mt-3 text-base text-ink-2">
              The town speaks a newer version. Reload to get its page.
            </p>
            <Button look="main" className="mt-4" onClick={() => location.reload()}>
              Reload
            </Button>
          </>
        ) : (
          <>
            <p className="mt-3 text-base text-ink-2">
              A login is a link that works once, for ten minutes. Ask the town for one where it
              runs:
            </p>
            <div className="mt-3 flex h-10 items-center justify-between rounded-md border border-line-strong bg-panel pl-3 pr-1.5">
              <code>gastown login</code>
              <CopyButton text="gastown login" label="Copy the command" />
            </div>
            <p className="mt-3 text-sm text-ink-3">
              It prints the link. On a server it also prints the tunnel to open first. This browser
              stays logged in afterwards.
            </p>
          </>
        )}
      </div>
    </main>
  );
}

function Lamp() {
  return (
    <svg
      viewBox="0 0 32 32"
      width="44"
      height="44"
      aria-hidden
      className="mb-6 text-lamp-ink"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinejoin="round"
      strokeLinecap="round"
    >
      <path d="M16 3 24 8.500l-2 11.500H10L8 8.500zM16 20v9M11 29h10" />
      <path
        d="M16 10c2.400 2.500 2.900 3.800 2.900 5a2.900 2.900 0 0 1-5.800 0c0-1.200.5-2.500 2.900-5z"
        fill="currentColor"
        stroke="none"
      />
    </svg>
  );
}
