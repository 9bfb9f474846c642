/** The views of the rail, in order. */
import {
  Columns3,
  GitPullRequestArrow,
  House,
  MessageSquareText,
  Settings,
  Users,
  Waypoints,
  type LucideIcon,
} from "lucide-react";

export interface Place {
  path: string;
  label: string;
  keys: string;
  Icon: LucideIcon;
}

export const PLACES: readonly Place[] = [
  { path: "/", label: "Home", keys: "g h", Icon: House },
  { path: "/mayor", label: "Mayor", keys: "g m", Icon: MessageSquareText },
  { path: "/board", label: "Board", keys: "g b", Icon: Columns3 },
  { path: "/convoys", label: "Convoys", keys: "g c", Icon: Waypoints },
  { path: "/reviews", label: "Reviews", keys: "g r", Icon: GitPullRequestArrow },
  { path: "/agents", label: "Agents", keys: "g a", Icon: Users },
  { path: "/settings", label: "Settings", keys: "g s", Icon: Settings },
];
