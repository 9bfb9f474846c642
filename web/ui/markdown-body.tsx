/** Markdown of agents and people, sanitised; loaded when first needed. */
import { Streamdown } from "streamdown";


export function MarkdownBody({ text, growing }: { text: string; growing: boolean }) {
  return (
    <Streamdown
      className="prose"
      mode={growing ? "streaming" : "static"}
      controls={false}
      linkSafety={{ enabled: false }}
      components={{
        a: ({ href, children }) => (
          <a href={href} target="_blank" rel="noopener noreferrer nofollow">
            {children}
          </a>
        ),
        img: ({ alt }) => <span className="text-ink-3">[picture: {alt ?? ""}]</span>,
        pre: ({ children }) => <pre>{children}</pre>,
        code: ({ children }) => <code>{children}</code>,
      }}
    >
      {text}
    </Streamdown>
  );
}
