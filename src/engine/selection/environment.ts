import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { namedProtocols, namedProtocolSchema, type Protocol } from '#shared/contract/protocols.ts';
import { selectionSettingsSchema, strategyNameSchema, type SelectionSettings } from '#shared/contract/run/selection.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says about the choice of protocol. */
export interface SelectionFromEnvironment {
  readonly settings: SelectionSettings;
  /** Folder with a table learned elsewhere, read where there is none of one's own. */
  readonly pretrainedFolder: string | null;
}

/** Every variable that is looked at, in the order of `docs/protocol-selection.md`; others are left alone. */
export const selectionVariables = [
  'PROTOCOL_SELECTION',
  'DEFAULT_PROTOCOL',
  'USE_RL_SELECTION',
  'USE_RL_EXPLORATION',
  'USE_QL_CONVERGENCE',
  'Q_CONVERGENCE_PATIENCE',
  'USE_COMMUNICATION_MODEL_REWARD',
  'RESET_EPSILON',
  'PRETRAINED_Q_TABLE_DIR',
] as const;
type Variable = (typeof selectionVariables)[number];

/** Of the reference framework when its selector is off. */
const withoutSelector: Protocol = 'mqtt';
const patienceUsual = 5;

/**
 * Settings of the choice by the variables of the reference framework and two of our own. `given` is what was said closer
 * by, on the command line or in the window, and wins.
 */
export function selectionFromEnvironment(
  environment: Environment,
  given: { readonly strategy?: SelectionSettings['strategy'] } = {},
): Result<SelectionFromEnvironment, RoundscopeError> {
  const faults: RoundscopeError[] = [];
  const text = (name: Variable): string | undefined => {
    const value = environment[name]?.trim();
    return value === '' ? undefined : value;
  };
  const flag = (name: Variable): boolean | undefined => {
    const value = text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['true', '1', 'yes', 'on'].includes(value)) return true;
    if (['false', '0', 'no', 'off'].includes(value)) return false;
    faults.push(wrong(name, value, 'true or false'));
    return undefined;
  };
  const useTable = flag('USE_RL_SELECTION');
  const chosen = given.strategy ?? strategyOf(text('PROTOCOL_SELECTION'), faults) ?? byReference(useTable);
  const named = protocolOf(text('DEFAULT_PROTOCOL'), faults);
  const settles = flag('USE_QL_CONVERGENCE') ?? false;
  const patience = countOf(text('Q_CONVERGENCE_PATIENCE'), faults) ?? patienceUsual;
  const settings = selectionSettingsSchema.parse({
    ...(chosen === undefined ? {} : { strategy: chosen }),
    fixed: named ?? (useTable === false ? withoutSelector : null),
    explore: flag('USE_RL_EXPLORATION') ?? true,
    qLearning: {
      resetEpsilon: flag('RESET_EPSILON') ?? false,
      patience: settles ? patience : null,
      expectedTimeInReward: flag('USE_COMMUNICATION_MODEL_REWARD') ?? true,
    },
  });
  const [fault] = faults;
  if (fault !== undefined) return err(fault);
  return ok({ settings, pretrainedFolder: text('PRETRAINED_Q_TABLE_DIR') ?? null });
}

function byReference(useTable: boolean | undefined): SelectionSettings['strategy'] | undefined {
  if (useTable === undefined) return undefined;
  return useTable ? 'q-learning' : 'fixed';
}

/** False: no choosing; true: the usual strategy; or a strategy's name. */
function strategyOf(value: string | undefined, faults: RoundscopeError[]): SelectionSettings['strategy'] | undefined {
  const name = value?.toLowerCase();
  if (name === undefined || ['true', '1', 'yes', 'on'].includes(name)) return undefined;
  if (['false', '0', 'no', 'off'].includes(name)) return 'fixed';
  const checked = strategyNameSchema.safeParse(name);
  if (checked.success) return checked.data;
  faults.push(wrong('PROTOCOL_SELECTION', name, `true, false, or one of ${strategyNameSchema.options.join(', ')}`));
  return undefined;
}

function protocolOf(value: string | undefined, faults: RoundscopeError[]): Protocol | null {
  const name = value?.toLowerCase();
  if (name === undefined) return null;
  // The reference calls QUIC by what it carries there.
  const checked = namedProtocolSchema.safeParse(name === 'http3' ? 'quic' : name);
  if (checked.success) return checked.data;
  faults.push(wrong('DEFAULT_PROTOCOL', name, `one of ${namedProtocols.join(', ')}`));
  return null;
}

function countOf(value: string | undefined, faults: RoundscopeError[]): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,4}$/.test(value) && Number(value) >= 1 && Number(value) <= 1000) return Number(value);
  faults.push(wrong('Q_CONVERGENCE_PATIENCE', value, 'a whole number from 1 to 1000'));
  return undefined;
}

function wrong(name: Variable, value: string, takes: string): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `The environment variable ${name} is "${value.slice(0, 60)}"; it takes ${takes}. Correct it, or unset it.`,
    context: { variable: name },
  });
}
