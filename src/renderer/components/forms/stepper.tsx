import { useId } from 'react';
import type { JSX } from 'react';
import './stepper.css';

interface StepperProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly unit?: string;
  /** What the number does, below it. */
  readonly help?: string | undefined;
  readonly onChange: (value: number) => void;
}

/** A whole number with its name: typed, or stepped by the buttons and arrow keys. Values outside the limits do not leave it. */
export function Stepper({ label, value, min, max, step = 1, unit, help, onChange }: StepperProps): JSX.Element {
  const id = useId();
  const set = (next: number): void => {
    if (Number.isFinite(next)) onChange(Math.min(max, Math.max(min, Math.round(next))));
  };
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <span className="step">
        <button type="button" aria-label={`${label}: less`} disabled={value <= min} onClick={() => set(value - step)}>
          −
        </button>
        <input
          id={id}
          type="number"
          inputMode="numeric"
          min={min}
          max={max}
          step={step}
          value={value}
          aria-describedby={help === undefined ? undefined : `${id}-help`}
          onChange={(event) => set(event.target.valueAsNumber)}
        />
        {unit !== undefined && <span className="u">{unit}</span>}
        <button type="button" aria-label={`${label}: more`} disabled={value >= max} onClick={() => set(value + step)}>
          +
        </button>
      </span>
      {help !== undefined && (
        <span className="help" id={`${id}-help`}>
          {help}
        </span>
      )}
    </>
  );
}
