/** What is bound to a statement, worked out once: drizzle looks for the given values at every execution. */
import type { SQLQueryBindings } from "bun:sqlite";
import { is, Param, Placeholder } from "drizzle-orm";

/** @throws when a value is not given */
export type Bindings = (given: Readonly<Record<string, unknown>> | undefined) => SQLQueryBindings[];

export function bindingsOf(params: readonly unknown[]): Bindings {
  const slots = params.map(slotOf);
  if (slots.every((slot) => "value" in slot)) {
    const values = slots.map((slot) => slot.value);
    return () => values;
  }
  return (given) => slots.map((slot) => ("value" in slot ? slot.value : slot.of(given ?? {})));
}

type Slot =
  | { value: SQLQueryBindings }
  | { of: (given: Readonly<Record<string, unknown>>) => SQLQueryBindings };

function slotOf(param: unknown): Slot {
  if (is(param, Placeholder)) {
    const { name } = param;
    return { of: (given) => valueOf(given, name) };
  }
  if (is(param, Param) && is(param.value, Placeholder)) {
    const { encoder } = param;
    const { name } = param.value;
    return {
      of(given) {
        const value = valueOf(given, name);
        return value === null ? null : (encoder.mapToDriverValue(value) as SQLQueryBindings);
      },
    };
  }
  return { value: param as SQLQueryBindings };
}

function valueOf(given: Readonly<Record<string, unknown>>, name: string): SQLQueryBindings {
  if (!(name in given)) throw new Error(`the statement's value ${name} is not given`);
  return given[name] as SQLQueryBindings;
}
