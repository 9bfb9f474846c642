/** Markdown of agents and people, sanitised; loaded when first needed. */
import type { ReactNode } from "react";
import { Streamdown } from "streamdown";

function Heading({ children }: { children?: ReactNode | undefined }) {
  return <p className="heading">{children}</p>;
}

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
        // The page's own headings make its outline; a text's are only strong.
        h1: ({ children }) => <Heading>{children}</Heading>,
        h2: ({ children }) => <Heading>{children}</Heading>,
        h3: ({ children }) => <Heading>{children}</Heading>,
        h4: ({ children }) => <Heading>{children}</Heading>,
        h5: ({ children }) => <Heading>{children}</Heading>,
        h6: ({ children }) => <Heading>{children}</Heading>,
        // Wide code is scrolled by keyboard too.
        pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
        code: ({ children }) => <code>{children}</code>,
      }}
    >
      {text}
    </Streamdown>
  );
}
