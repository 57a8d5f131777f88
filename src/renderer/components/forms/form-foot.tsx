import type { JSX, ReactNode } from 'react';
import { Keys } from '../keys.tsx';

interface FormFootProps {
  /** Name of the form, which its parts are called by. */
  readonly name: 'join' | 'coordinate';
  /** What stands in the way, most important first; empty: nothing. */
  readonly reasons: readonly string[];
  /** Said while nothing is in the way. */
  readonly ready: string;
  /** How a sentence with the first reason begins: `Before you can join`. */
  readonly before: string;
  /** It has been sent and is not answered yet; then what is said. */
  readonly sent: string | null;
  readonly button: ReactNode;
  readonly onSend: () => void;
  readonly onBack: () => void;
  /** The run that is in the way can be ended from here: what that is called. */
  readonly end: { readonly word: string; readonly act: () => void } | null;
}

/** The end of a form that begins a run: why it has to wait, the way back, and its button. */
export function FormFoot(props: FormFootProps): JSX.Element {
  const { name, reasons, ready, before, sent, button, end } = props;
  return (
    <div className="form-foot">
      <span id={`${name}-reason`} role="status">
        {sent ?? (reasons.length === 0 ? ready : `${before}: ${firstOf(reasons)}.`)}
      </span>
      <span className="end">
        {end !== null && (
          <button type="button" className="btn" onClick={end.act}>
            {end.word}…
          </button>
        )}
        <button type="button" className="btn" onClick={props.onBack}>
          Back
        </button>
        <button
          type="button"
          className="btn pri"
          disabled={reasons.length > 0 || sent !== null}
          aria-describedby={`${name}-reason`}
          onClick={props.onSend}
        >
          {button} <Keys of="Ctrl+Enter" />
        </button>
      </span>
    </div>
  );
}

function firstOf([first = '', ...more]: readonly string[]): string {
  return `${first.replace(/\.$/, '')}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
}
