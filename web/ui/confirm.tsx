/** Asks before something that cannot simply be taken back; says what will happen and what is kept. */
import { type ReactNode, useState } from "react";
import type { ErrorBody, Result } from "../../protocol/index.ts";
import { Button, type ButtonLook } from "./button.tsx";
import { Refusal } from "./feedback.tsx";
import { Modal } from "./modal.tsx";

interface ConfirmProps {
  title: string;
  children: ReactNode;
  action: string;
  look?: ButtonLook;
  disabled?: boolean;
  onConfirm: () => Promise<Result<unknown>>;
  onClose: () => void;
}

export function Confirm({
  title,
  children,
  action,
  look = "main",
  disabled = false,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const [sent, setSent] = useState(false);
  const [error, setError] = useState<ErrorBody | null>(null);
  const confirm = async () => {
    setSent(true);
    const answer = await onConfirm();
    setSent(false);
    if (answer.ok) onClose();
    else setError(answer.error);
  };
  return (
    <Modal title={title} onClose={onClose} className="max-w-[460px]">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <div className="space-y-3 px-4 py-4 text-sm text-ink-2">{children}</div>
        {error && <Refusal error={error} className="mx-4 mb-3" />}
        <div className="flex justify-end gap-2 border-t border-line px-4 py-3">
          <Button onClick={onClose}>Cancel</Button>
          <Button look={look} type="submit" sent={sent} disabled={disabled}>
            {action}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
