import type { JSX, KeyboardEvent, ReactNode } from 'react';

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly name: ReactNode; readonly disabled?: string }[];
  readonly onChange: (value: T) => void;
}

/** One of a few, all visible: a radio group drawn as a row of segments. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>): JSX.Element {
  const open = options.filter((option) => option.disabled === undefined);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const place = open.findIndex((option) => option.value === value);
    const next = open[(place + step + open.length) % open.length];
    if (next === undefined) return;
    onChange(next.value);
    const buttons = event.currentTarget.querySelectorAll<HTMLElement>('[role="radio"]');
    buttons.item(options.indexOf(next)).focus();
  };
  const chosen = options.some((option) => option.value === value) ? value : options[0]?.value;
  return (
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- the radios inside have the focus
    <span className="seg-ctl" role="radiogroup" aria-label={label} onKeyDown={onKeyDown}>
      {options.map((option) => (
        <button
          type="button"
          role="radio"
          key={option.value}
          aria-checked={option.value === value}
          tabIndex={option.value === chosen ? 0 : -1}
          disabled={option.disabled !== undefined}
          title={option.disabled}
          onClick={() => onChange(option.value)}
        >
          {option.name}
        </button>
      ))}
    </span>
  );
}
