/** The keyboard map. */
import { SHORTCUTS } from "../model/shortcuts.ts";
import { Modal } from "../ui/modal.tsx";

const groups = ["Go to", "Work", "Move"] as const;

export function ShortcutMap({ onClose }: { onClose: () => void }) {
  return (
    <Modal title="Keyboard" onClose={onClose}>
      <div className="grid grid-cols-1 gap-x-8 gap-y-4 px-4 py-4 sm:grid-cols-2">
        {groups.map((group) => (
          <section key={group} aria-label={group}>
            <h3 className="mb-1 text-xs font-medium text-ink-3">{group}</h3>
            <ul>
              {SHORTCUTS.filter((shortcut) => shortcut.group === group).map(({ keys, label }) => (
                <li key={keys} className="flex h-7 items-center justify-between gap-3 text-sm">
                  {label}
                  <Keys keys={keys} />
                </li>
              ))}
              {group === "Work" && (
                <li className="flex h-7 items-center justify-between gap-3 text-sm">
                  Search and commands <Keys keys="⌘/Ctrl K" />
                </li>
              )}
              {group === "Move" && (
                <li className="flex h-7 items-center justify-between gap-3 text-sm">
                  Open the row <Keys keys="Enter" />
                </li>
              )}
            </ul>
          </section>
        ))}
      </div>
    </Modal>
  );
}

function Keys({ keys }: { keys: string }) {
  return (
    <span className="flex gap-1">
      {keys.split(" ").map((key) => (
        <kbd
          key={key}
          className="min-w-5 rounded-sm border border-line-strong bg-raised px-1 text-center text-ink-2"
        >
          {key === "Escape" ? "Esc" : key}
        </kbd>
      ))}
    </span>
  );
}
