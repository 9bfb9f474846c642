/** Form fields with their label, help and what is wrong. */
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import { cx } from "./class-names.ts";

const box =
  "w-full rounded-md border border-line-strong bg-canvas px-2.5 text-sm text-ink placeholder:text-ink-3 focus-visible:outline-offset-0 disabled:opacity-60";

interface FieldProps {
  label: string;
  help?: ReactNode;
  children: (id: string, helpId: string | undefined) => ReactNode;
  className?: string | undefined;
}

export function Field({ label, help, children, className }: FieldProps) {
  const id = useId();
  const helpId = help ? `${id}-help` : undefined;
  return (
    <div className={cx("min-w-0", className)}>
      <label htmlFor={id} className="mb-1 block text-sm font-medium text-ink">
        {label}
      </label>
      {children(id, helpId)}
      {help && (
        <p id={helpId} className="mt-1 text-xs text-ink-3">
          {help}
        </p>
      )}
    </div>
  );
}

type Named<P> = P & { label: string; help?: ReactNode; mono?: boolean; fieldClass?: string };

export function TextField({
  label,
  help,
  mono,
  fieldClass,
  className,
  ...rest
}: Named<InputHTMLAttributes<HTMLInputElement>>) {
  return (
    <Field label={label} help={help} className={fieldClass}>
      {(id, helpId) => (
        <input
          id={id}
          aria-describedby={helpId}
          autoComplete="off"
          spellCheck={false}
          className={cx(box, "h-8 max-sm:h-10", mono && "mono", className)}
          {...rest}
        />
      )}
    </Field>
  );
}

export function TextArea({
  label,
  help,
  mono,
  fieldClass,
  className,
  ...rest
}: Named<TextareaHTMLAttributes<HTMLTextAreaElement>>) {
  return (
    <Field label={label} help={help} className={fieldClass}>
      {(id, helpId) => (
        <textarea
          id={id}
          aria-describedby={helpId}
          className={cx(box, "min-h-20 py-2", mono && "mono", className)}
          {...rest}
        />
      )}
    </Field>
  );
}

export function SelectField({
  label,
  help,
  mono,
  fieldClass,
  className,
  children,
  ...rest
}: Named<SelectHTMLAttributes<HTMLSelectElement>>) {
  return (
    <Field label={label} help={help} className={fieldClass}>
      {(id, helpId) => (
        <select
          id={id}
          aria-describedby={helpId}
          className={cx(box, "h-8 pr-7 max-sm:h-10", mono && "mono", className)}
          {...rest}
        >
          {children}
        </select>
      )}
    </Field>
  );
}

interface CheckProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type"> {
  label: ReactNode;
  help?: ReactNode;
}

export function CheckField({ label, help, className, ...rest }: CheckProps) {
  const id = useId();
  return (
    <div className={cx("flex items-start gap-2.5", className)}>
      <input
        id={id}
        type="checkbox"
        aria-describedby={help ? `${id}-help` : undefined}
        className="mt-0.5 size-4 shrink-0 accent-lamp"
        {...rest}
      />
      <div className="min-w-0">
        <label htmlFor={id} className="text-sm text-ink">
          {label}
        </label>
        {help && (
          <p id={`${id}-help`} className="text-xs text-ink-3">
            {help}
          </p>
        )}
      </div>
    </div>
  );
}
