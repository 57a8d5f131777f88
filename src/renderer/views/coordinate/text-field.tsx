import { useId } from 'react';
import type { JSX } from 'react';

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  /** What it is for, or what is wrong with it. */
  readonly help: string;
  readonly invalid?: boolean;
  readonly maxLength?: number;
  readonly onChange: (value: string) => void;
}

/** A line of text with its label and a word below it. */
export function TextField({ label, help, invalid, onChange, ...input }: TextFieldProps): JSX.Element {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="fc">
        <input
          {...input}
          id={id}
          className="inp"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={invalid}
          aria-describedby={`${id}-help`}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      <span className="help" id={`${id}-help`}>
        {help}
      </span>
    </div>
  );
}
