/** Every address of the page. Views other than Home are loaded when they are first opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
} from "@tanstack/react-router";
import { parseSearch, stringifySearch, type PageSearch } from "./lib/search-params.ts";
import { Frame } from "./shell/frame.tsx";
import { Empty } from "./ui/feedback.tsx";
import { HomeView } from "./views/home.tsx";

const root = createRootRoute({
  validateSearch: (search: Record<string, unknown>): PageSearch => search,
  component: Frame,
  notFoundComponent: () => (
    <Empty
      title="There is no such page"
      action={
        <Link to="/" className="underline decoration-lamp underline-offset-3">
          Go home
        </Link>
      }
    >
      The address may be old or mistyped.
    </Empty>
  ),
});

const getParentRoute = () => root;

const tree = root.addChildren([
  createRoute({ getParentRoute, path: "/", component: HomeView }),
  createRoute({
    getParentRoute,
    path: "/mayor",
    component: lazyRouteComponent(() => import("./views/mayor.tsx"), "MayorView"),
  }),
  createRoute({
    getParentRoute,
    path: "/board",
    component: lazyRouteComponent(() => import("./views/board.tsx"), "BoardView"),
  }),
  createRoute({
    getParentRoute,
    path: "/convoys",
    component: lazyRouteComponent(() => import("./views/convoys.tsx"), "ConvoysView"),
  }),
  createRoute({
    getParentRoute,
    path: "/convoys/$id",
    component: lazyRouteComponent(() => import("./views/convoy.tsx"), "ConvoyView"),
  }),
  createRoute({
    getParentRoute,
    path: "/reviews",
    component: lazyRouteComponent(() => import("./views/reviews.tsx"), "ReviewsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/agents",
    component: lazyRouteComponent(() => import("./views/agents.tsx"), "AgentsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/rigs/new",
    component: lazyRouteComponent(() => import("./views/rig-add.tsx"), "RigAddView"),
  }),
  createRoute({
    getParentRoute,
    path: "/rigs/$id",
    component: lazyRouteComponent(() => import("./views/rig.tsx"), "RigView"),
  }),
  createRoute({
    getParentRoute,
    path: "/settings",
    component: lazyRouteComponent(() => import("./views/settings.tsx"), "SettingsView"),
  }),
]);

export function createPageRouter() {
  return createRouter({
    routeTree: tree,
    defaultPreload: "intent",
    parseSearch: (text) => parseSearch(text) as Record<string, unknown>,
    stringifySearch: (search) => stringifySearch(search),
  });
}
