import { styleText } from 'node:util';
import { counted } from '#shared/base/text/counted.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import { terminalWords } from '#shared/contract/error-words.ts';
import { ordinal } from '#shared/base/text/ordinal.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { EventData, RecordedEvent } from '#shared/contract/events.ts';
import { ownOutcomes, type RunSummary } from '#shared/contract/run/summary.ts';
import { weightRuleName } from '#shared/contract/run/weight-rule.ts';
import { acknowledgedOnly } from '#shared/run-view/apply/apply-run-ended.ts';
import { coordinatorEndReason, goesOnWords, leftWords } from '#shared/run-view/end-words.ts';
import { anyLost, incompleteWords, lossTotals, lostWords } from '#shared/run-view/loss-words.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { visibleWithin } from '#shared/base/text/visible-text.ts';
import { admissionLine, expelledLine } from './admission-lines.ts';
import { LinkReporter } from './link-reporter.ts';

/** Tells a run to people in a terminal, a line for what matters; stdout stays free for data. */
export class ConsoleReporter {
  readonly #stream: NodeJS.WriteStream;
  #rounds = 0;
  #recorderFails = false;
  /** Verdicts that stand: one that is told again because the wait changed is no news here. */
  readonly #open = new Set<string>();
  #strangers = 0;
  readonly #link = new LinkReporter();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  say(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  /** `view`: of the run, with this event in it. */
  event(event: RecordedEvent, view: RunView): void {
    // Names, reasons and notes come from other machines, and a terminal obeys what it is sent.
    const line = this.#lineOf(visibleWithin(event), view);
    if (line !== null) this.say(`${styleText('gray', clock(event.at), { stream: this.#stream })} ${line}`);
  }

  /** `view`: what the summary is of. */
  end(told: RunSummary, view: RunView): void {
    const summary = visibleWithin(told);
    const accuracy =
      summary.accuracy === null
        ? ''
        : `, accuracy ${percent(summary.accuracy)}${summary.baselineAccuracy === null ? '' : ` (always naming the most frequent class: ${percent(summary.baselineAccuracy)})`}`;
    const { lead, why } = ending(summary, view);
    this.say(`${this.#bold(lead)}${why === '' ? '' : `: ${why}`}`);
    const seen = summary.roundsTold === summary.roundsCompleted ? '' : `, ${summary.roundsTold} of them seen here`;
    const since = summary.own === null ? 'the run was opened' : 'it was joined here';
    this.say(
      `${summary.roundsCompleted} of ${counted(summary.roundsPlanned, 'round')}${seen} in ${seconds(summary.roundsDurationS)} ` +
        `(${seconds(summary.durationS)} since ${since})${accuracy}`,
    );
    const words = { acknowledged: view.left ? 'acknowledged, how the round ends is not told' : acknowledgedOnly };
    const own = ownOutcomes.flatMap((outcome) => {
      const count = summary.own?.[outcome] ?? 0;
      return count === 0 ? [] : [`${count} ${outcome === 'acknowledged' ? words.acknowledged : outcome}`];
    });
    if (own.length > 0) this.say(`Your updates: ${own.join(', ')}`);
    const lost = lossTotals(view.recorder);
    if (anyLost(lost)) this.say(this.#red(`In the recording: ${lostWords(lost)}.`));
    const incomplete = incompleteWords(view.losses);
    if (incomplete !== null) this.say(this.#red(`${incomplete}.`));
  }

  /** What an error means and what to try; what happened has been said. */
  advise(error: ErrorReport): void {
    const { meaning, tryThis } = terminalWords(error);
    this.say(`${meaning}\nTry: ${tryThis}`);
  }

  #lineOf(event: RecordedEvent, view: RunView): string | null {
    switch (event.type) {
      case 'run_started':
        this.#rounds = event.data.rounds;
        return `${this.#bold(`Run ${event.run}`)}, ${event.data.name}: ${counted(event.data.rounds, 'round')}, waits for ${counted(event.data.minimumParticipants, 'participant')}${ruleWords(view)}`;
      case 'data_loaded':
        return this.#loaded(event.data, view);
      case 'participant_joined':
        return joined(event.data);
      case 'admission':
        return admissionLine(event.data, view);
      case 'participant_expelled':
        return expelledLine(event.data);
      case 'invitation_renewed':
        return 'the invitation was renewed: older ones let nobody new in, who is in the run stays';
      case 'participant_left':
        // It was sent away, which is told.
        if (view.participants.find(({ id }) => id === event.data.participant)?.expelled != null) return null;
        return `${event.data.participant} left: ${event.data.reason}`;
      case 'participant_refused':
        return `${event.data.name || 'somebody'} at ${event.data.address} ${event.data.declined === true ? 'takes no part' : 'was refused'}: ${event.data.reason}`;
      case 'peers_unrecorded':
        return this.#unrecorded(event.data);
      case 'round_ended': {
        const missing = event.data.missing.length === 0 ? '' : `, without ${event.data.missing.join(', ')}`;
        const updates = isParticipantSeat(view)
          ? ownUpdate(event.data, view)
          : counted(event.data.contributions.length, 'update');
        return (
          `round ${event.data.round}/${this.#rounds}  loss ${event.data.loss.toFixed(3)}  accuracy ${percent(event.data.accuracy)}  ` +
          `${(event.data.durationMs / 1000).toFixed(1)} s  ${updates}${missing}`
        );
      }
      case 'verdict_raised':
        return this.#stall(event.data, view);
      case 'verdict_cleared':
        return this.#open.delete(event.data.verdict) ? `cleared: ${event.data.reason}` : null;
      case 'fault_injected':
        return `fault injected: ${event.data.fault} on ${event.data.participant}`;
      case 'network_changed':
        return `network of ${event.data.participant}: ${event.data.note}`;
      case 'recorder_stats': {
        const fails = event.data.state === 'failing';
        const isNews = fails && !this.#recorderFails;
        this.#recorderFails = fails;
        return isNews ? this.#red(`${event.data.note}. The run goes on, and what is lost is counted.`) : null;
      }
      case 'participant_paused':
        return event.data.paused
          ? `${event.data.participant} pauses: ${event.data.reason}`
          : `${event.data.participant} goes on`;
      case 'model_saved':
        return event.data.kind === 'best' ? null : savedModel(event.data, view);
      case 'notice':
        return event.data.level === 'info' ? event.data.text : this.#red(event.data.text);
      case 'broker_state':
      case 'link_state':
      case 'link_attempt': {
        const line = isParticipantSeat(view) && event.data.participant === view.self ? this.#link.lineOf(event) : null;
        return line === null ? null : styleText('yellow', line, { stream: this.#stream });
      }
      default:
        return null;
    }
  }

  /** A siege goes on for long: it is told when it is ten times as large as when it was told last. */
  #unrecorded({ packets, refusals }: EventData<'peers_unrecorded'>): string | null {
    if (packets + refusals < 10 * this.#strangers) return null;
    this.#strangers = packets + refusals;
    return this.#red(
      `many peers that are not let in: ${counted(packets, 'packet')} and ${counted(refusals, 'refusal')} of them are not recorded so far; the run goes on`,
    );
  }

  /** In a demo everybody reads the same folder: once is enough. */
  #loaded({ participant, text, mapping, warnings }: EventData<'data_loaded'>, view: RunView): string | null {
    if (participant !== coordinatorId && view.chair === 'demo') return null;
    const renamed = mapping.flatMap(({ from, to }) => (to === null || to === from ? [] : [`${from} is ${to}`]));
    const names = renamed.length === 0 ? '' : `; ${renamed.join(', ')}`;
    const warned = warnings.map((warning) => `\n${this.#red(warning)}`).join('');
    return `data: ${text}${names}${warned}`;
  }

  #bold(text: string): string {
    return styleText('bold', text, { stream: this.#stream });
  }
  #stall(verdict: EventData<'verdict_raised'>, view: RunView): string | null {
    // A participant's own link has lines of its own, with every attempt.
    if (isParticipantSeat(view) && verdict.subject === coordinatorId) return null;
    if (this.#open.has(verdict.verdict)) return null;
    this.#open.add(verdict.verdict);
    const injected = verdict.injected === undefined ? '' : ' (injected fault)';
    return this.#red(
      `${weightRules.has(verdict.rule) ? 'warning' : 'stall'}: ${verdict.sentence}${injected}${verdict.nextAction === '' ? '' : ` Next: ${verdict.nextAction}.`}`,
    );
  }

  #red(text: string): string {
    return styleText('red', text, { stream: this.#stream });
  }
}

/** Who ended it, where that was not simply its plan: a participant's user has left, another machine's has stopped it. */
function ending({ status, reason }: RunSummary, view: RunView): { readonly lead: string; readonly why: string } {
  if (status === 'completed') return { lead: 'Run completed', why: '' };
  if (isParticipantSeat(view) && view.left) return { lead: leftWords(view), why: goesOnWords };
  if (status !== 'interrupted' || !isParticipantSeat(view)) return { lead: `Run ${status}`, why: reason };
  return { lead: 'The coordinator ended the run', why: coordinatorEndReason(reason) };
}

function joined({ participant, protocol, stack, data }: EventData<'participant_joined'>): string {
  const leftOut = data.skipped === 0 ? '' : `; left out ${data.skipped} that could not be read`;
  return `${participant} joined over ${protocol} (${stack}) with ${counted(data.examples, 'example')}${leftOut}`;
}

/** What somebody does to the model holds up nobody. */
const weightRules: ReadonlySet<string> = new Set([
  'claims-more',
  'update-refused',
  'update-too-long',
  'update-opposes',
  'weighs-most',
  'evaluation-outlier',
]);

function ruleWords({ weightRule }: RunView): string {
  return weightRule === null ? '' : `; ${weightRuleName(weightRule)}`;
}

/** What a participant made of a round that has ended, in its own eyes. */
function ownUpdate({ round, contributions, missing }: EventData<'round_ended'>, view: RunView): string {
  const own = view.contributions.find((work) => work.round === round);
  const asked = [...contributions, ...missing].some((id) => id === view.self);
  if (own === undefined) return asked ? 'your update missed the round' : 'without you';
  switch (own.outcome) {
    case 'counted': {
      const place = own.order === null ? 'one' : ordinal(own.order);
      return `your update counted, ${place} of ${contributions.length}`;
    }
    case 'refused':
      return `your update was refused: ${own.reason}`;
    case 'missed':
      return own.reason === '' ? 'your update missed the round' : `your update missed the round: ${own.reason}`;
    default:
      return 'nobody told what became of your update';
  }
}

function seconds(duration: number): string {
  return `${duration.toFixed(1)} s`;
}

function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function savedModel({ path, round, accuracy }: EventData<'model_saved'>, { models }: RunView): string {
  const best = models.findLast(({ kind }) => kind === 'best');
  const other = best === undefined || best.round === round ? '' : `; the best, of round ${best.round}: ${best.path}`;
  const measure = accuracy === null ? '' : `, accuracy ${percent(accuracy)}`;
  return `global model of round ${round}${measure}: ${path}${other}`;
}
