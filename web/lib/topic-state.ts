/** The state of one topic as a viewer holds it, and how frames change it. Pure. */
import type { AnyImage, FeedPosition, Image, ImageKind, TopicFrame } from "../../protocol/index.ts";

type Items = ReadonlyMap<string, AnyImage>;

/** `ready` once a whole state has been received; `gathering` holds one whose frames are not all here yet. */
export interface TopicState {
  readonly ready: boolean;
  readonly position: FeedPosition | null;
  readonly items: Items;
  readonly gathering: Items | null;
}

export const emptyTopic: TopicState = {
  ready: false,
  position: null,
  items: new Map(),
  gathering: null,
};

/** What a frame leads to; `out_of_step` means: subscribe again without a position. */
export type Applied = { kind: "applied"; state: TopicState } | { kind: "out_of_step" };

/** Applies a frame. Frames older than the state are ignored; one of another epoch needs a reset. */
export function applyFrame(state: TopicState, frame: TopicFrame): Applied {
  const { position } = state;
  if (!frame.reset && (position === null || position.epoch !== frame.epoch)) {
    if (state.gathering === null) return { kind: "out_of_step" };
  } else if (!frame.reset && position !== null && frame.version < position.version) {
    return { kind: "applied", state };
  }
  const items = new Map(frame.reset ? [] : (state.gathering ?? state.items));
  for (const item of frame.items) {
    const key = `${item.kind}:${item.id}`;
    if (item.value === null) items.delete(key);
    else items.set(key, item);
  }
  if (!frame.complete) return { kind: "applied", state: { ...state, gathering: items } };
  return {
    kind: "applied",
    state: {
      ready: true,
      position: { epoch: frame.epoch, version: frame.version },
      items,
      gathering: null,
    },
  };
}

const lists = new WeakMap<Items, Map<ImageKind, unknown[]>>();

/** All images of a kind. The same array comes back as long as the state is the same. */
export function imagesOf<K extends ImageKind>(state: TopicState, kind: K): Image<K>[] {
  let byKind = lists.get(state.items);
  if (!byKind) {
    byKind = new Map();
    lists.set(state.items, byKind);
  }
  let list = byKind.get(kind);
  if (!list) {
    list = [];
    for (const item of state.items.values()) if (item.kind === kind) list.push(item.value);
    byKind.set(kind, list);
  }
  return list as Image<K>[];
}

export function imageOf<K extends ImageKind>(
  state: TopicState,
  kind: K,
  id: string,
): Image<K> | undefined {
  return (state.items.get(`${kind}:${id}`)?.value ?? undefined) as Image<K> | undefined;
}
