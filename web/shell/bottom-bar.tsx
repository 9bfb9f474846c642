/** The rail's place on a phone: four views at the thumb, the rest behind "More". */
import { Link } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useImages } from "../lib/town.tsx";
import { Modal } from "../ui/modal.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { rigLook } from "../words/states.ts";
import { PLACES } from "./places.ts";
import { useNeeds } from "./town-facts.tsx";

const AT_HAND = 4;
const tab =
  "relative flex h-14 flex-col items-center justify-center gap-1 text-xs text-ink-3 data-[status=active]:font-medium data-[status=active]:text-ink";
const order = [...PLACES.slice(0, 3), ...PLACES.slice(4, 5)];
const rest = PLACES.filter((place) => !order.includes(place));

export function BottomBar() {
  const [more, setMore] = useState(false);
  const needs = useNeeds().length;
  return (
    <nav
      aria-label="Views"
      className="shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      <ul className="grid grid-cols-5">
        {order.slice(0, AT_HAND).map(({ path, label, Icon }) => (
          <li key={path}>
            <Link
              to={path}
              search={{}}
              activeOptions={{ exact: path === "/", includeSearch: false }}
              className={tab}
            >
              <Icon size={20} strokeWidth={1.5} aria-hidden />
              {label}
              {path === "/" && needs > 0 && (
                <span
                  role="img"
                  aria-label={`${needs} need you`}
                  className="absolute left-[calc(50%+8px)] top-2 size-2 rounded-full bg-lamp"
                />
              )}
            </Link>
          </li>
        ))}
        <li>
          <button
            type="button"
            aria-expanded={more}
            onClick={() => setMore(true)}
            className={`${tab} w-full`}
          >
            <Ellipsis size={20} strokeWidth={1.5} aria-hidden />
            More
          </button>
        </li>
      </ul>
      {more && <More onClose={() => setMore(false)} />}
    </nav>
  );
}

function More({ onClose }: { onClose: () => void }) {
  const rigs = useImages("town", "rig");
  const row = "flex h-11 items-center gap-3 rounded-md px-3 text-base text-ink hover:bg-raised";
  return (
    <Modal title="More" onClose={onClose} className="mb-2! mt-auto!">
      <ul className="p-2">
        {rest.map(({ path, label, Icon }) => (
          <li key={path}>
            <Link to={path} search={{}} onClick={onClose} className={row}>
              <Icon size={18} strokeWidth={1.5} aria-hidden className="text-ink-3" />
              {label}
            </Link>
          </li>
        ))}
        {rigs.map((rig) => (
          <li key={rig.id}>
            <Link to={`/rigs/${rig.id}`} search={{}} onClick={onClose} className={row}>
              <StateMark look={rigLook(rig)} size={16} />
              {rig.name}
            </Link>
          </li>
        ))}
        <li>
          <Link to="/rigs/new" search={{}} onClick={onClose} className={row}>
            <span aria-hidden className="w-[18px] text-center text-ink-3">
              +
            </span>
            Add a rig
          </Link>
        </li>
      </ul>
    </Modal>
  );
}
