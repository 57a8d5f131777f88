import type { ErrorCode, ErrorReport } from '../base/errors.ts';
import { brokeredNames } from './brokers.ts';
import { carrierOf, namedProtocols, usualStack } from './protocols.ts';

/** What an error means and what to try, in words for people; what happened is the error's own message. */
export interface ErrorWords {
  readonly meaning: string;
  /** In a window; in a terminal too, where nothing else is said for it. */
  readonly tryThis: string;
  /** In a terminal, which has options and no views. */
  readonly inTerminal?: string;
}

/** What an error means and what to try in a terminal; an option of the command that helps is named by whoever failed. */
export function terminalWords({
  code,
  context,
}: Pick<ErrorReport, 'code' | 'context'>): Omit<ErrorWords, 'inTerminal'> {
  const { meaning, tryThis, inTerminal = tryThis } = errorWords[code];
  const { option } = context;
  return { meaning, tryThis: option === undefined ? inTerminal : `${inTerminal} The option for it: ${option}` };
}

/** "mqtt, amqp": the protocols that usually travel in it. */
function overCarrier(carrier: 'UDP' | 'TCP'): string {
  return namedProtocols.filter((protocol) => carrierOf(usualStack[protocol]) === carrier).join(', ');
}

/** Complete by type: a new code does not compile without its words. */
export const errorWords: Readonly<Record<ErrorCode, ErrorWords>> = {
  connect_timeout: {
    meaning: 'Nobody answered at that address in time; often a firewall drops the packets or the address is wrong.',
    tryThis: `Check address and port, and that UDP (${overCarrier('UDP')}) or TCP (${overCarrier('TCP')}) to that port is let through.`,
  },
  connect_refused: {
    meaning: 'The machine is there, but nothing listens on that port.',
    tryThis: 'Start the coordinator or broker, or correct the port in the invitation.',
  },
  connect_failed: {
    meaning: 'The connection could not be opened.',
    tryThis: 'Check that the name resolves and that this machine has a network; then try again.',
  },
  identity_mismatch: {
    meaning: 'The other side is not who the invitation names; it could be an impostor, so nothing was sent.',
    tryThis: 'Ask for a new invitation over a channel that you trust.',
  },
  certificate_expired: {
    meaning: 'The certificate of the other side is not valid at the time that this machine shows; nothing was sent.',
    tryThis: 'Compare the clocks of both machines; if they agree, restart the coordinator, which makes a new one.',
  },
  port_in_use: {
    meaning: 'Another program, perhaps a second Roundscope, already listens on that port.',
    tryThis: 'Stop the other program, or choose another port.',
    inTerminal: 'Stop the other program, or choose another port with --port.',
  },
  transport_unavailable: {
    meaning: 'This machine lacks what the chosen transport needs.',
    tryThis: 'Choose another transport; Home says under "This machine" what is missing.',
    inTerminal: 'Choose another transport, or run "roundscope check" to see what is missing.',
  },
  session_closed: {
    meaning: 'The session was closed on purpose, by one side or the other.',
    tryThis: 'Nothing, if the run is over; else join again with the same invitation.',
  },
  session_lost: {
    meaning: 'The connection broke without a goodbye. It is dialed again, and unfinished messages are sent again.',
    tryThis: 'Wait for the re-dial; if it goes on, check the network between the two machines.',
  },
  send_timeout: {
    meaning: 'A message could not be handed over in time: the link is slow or the other side does not read.',
    tryThis: 'Look at the link in Participants; a slower network needs a longer deadline.',
    inTerminal: 'A slower network needs a longer deadline.',
  },
  broker_refused: {
    meaning: `The ${brokeredNames} broker is there but would not let us in.`,
    tryThis: "Check the broker's address, user name and password, and its log.",
  },
  broker_blocked: {
    meaning: 'The broker is there and keeps all messages back until it has memory and disk again.',
    tryThis: "Free memory or disk on the broker's machine, or raise its watermarks; it goes on by itself.",
  },
  frame_too_large: {
    meaning: 'A peer announced a frame beyond the limit. It was not read, so that memory stays bounded.',
    tryThis: 'Check that the peer runs Roundscope of the same version and no other program.',
  },
  frame_truncated: {
    meaning: 'The connection ended in the middle of a frame; what had come of it was thrown away.',
    tryThis: 'Nothing: the sender sends it again after the re-dial.',
  },
  frame_malformed: {
    meaning: 'Bytes arrived that are no frame of ours.',
    tryThis: 'Check which program connects to this port.',
  },
  header_invalid: {
    meaning: 'A message came whose header misses a field or has one of the wrong type; it was not used.',
    tryThis: 'Update both sides to the same version; the packet with its header is in the recording.',
  },
  kind_unknown: {
    meaning: 'A message came of a kind that this version does not know; it was left out.',
    tryThis: 'Update the older side.',
  },
  version_unsupported: {
    meaning: 'The two sides speak different versions of the message contract.',
    tryThis: 'Install the same version of Roundscope on both.',
  },
  payload_too_large: {
    meaning: 'The model or update is larger than the limit of 1 GiB.',
    tryThis: 'Use a smaller model.',
  },
  payload_hash_mismatch: {
    meaning: 'The bytes that arrived are not those that were sent; they were thrown away.',
    tryThis: 'The sender repeats it. If it goes on, suspect the disk or memory of one machine.',
  },
  payload_malformed: {
    meaning: 'A model arrived that cannot be read as tensors; it was not used.',
    tryThis: 'Look at its packet for what the reader stumbled over; update the side that sent it.',
    inTerminal: 'Update the side that sent it; its packet in the recording says what the reader stumbled over.',
  },
  rate_exceeded: {
    meaning: 'A peer sent more frames a second than any participant needs; its session was closed to protect the run.',
    tryThis: 'Check what runs on that address. An honest participant may join again.',
  },
  link_rejected: {
    meaning: 'The coordinator did not accept this participant.',
    tryThis: 'Check that the invitation is of this run, and that the run has not ended.',
  },
  outbox_full: {
    meaning: 'Too many messages wait for an acknowledgement that does not come.',
    tryThis: 'Look at the link in Participants: the other side is gone or far too slow.',
    inTerminal: 'Look after the other side and the network: it is gone or far too slow.',
  },
  peer_silent: {
    meaning: 'No sign of life for five seconds, though the connection is open: the process or machine hangs or sleeps.',
    tryThis: 'Look at that machine. The link is dialed again by itself once it answers.',
  },
  transfer_failed: {
    meaning: 'A model did not get through whole.',
    tryThis: 'It is sent again after the re-dial; if it goes on, check the network.',
  },
  not_registered: {
    meaning: 'A message came from somebody who has not joined the run.',
    tryThis: 'Join again with the invitation.',
  },
  sender_mismatch: {
    meaning: 'A message named another sender than the one whose session carried it; it was refused.',
    tryThis: 'Look at the packet to see who sent it.',
    inTerminal: 'Its packet in the recording says who sent it.',
  },
  key_mismatch: {
    meaning: 'A participant named another key than the one that its link proved; it was refused, the run goes on.',
    tryThis:
      'Join again from the data folder that holds its key; where that is so, somebody tried to pass for another.',
  },
  run_mismatch: {
    meaning: 'The message or invitation belongs to another run.',
    tryThis: 'Use the invitation that the coordinator shows now.',
  },
  round_mismatch: {
    meaning: 'The message was for a round that is over or has not begun; it does not count.',
    tryThis: 'If it happens often, lengthen the deadline; the participant goes on with the next round by itself.',
  },
  update_not_finite: {
    meaning: 'The update contains NaN or infinity. It was refused, so that the global model stays sound.',
    tryThis: 'Lower the learning rate, or look for broken images in the data of that participant.',
  },
  update_exploded: {
    meaning:
      'The update has values that no model in training has. It was refused, so that the global model stays sound.',
    tryThis: 'Lower the learning rate, or look for broken images in the data of that participant.',
  },
  update_wrong_shape: {
    meaning: 'The update is of another model than the one being trained; it was refused.',
    tryThis: 'Check that the participant runs the same version and joined this run.',
  },
  update_duplicate: {
    meaning: 'This contribution had been counted already; the second copy does not count.',
    tryThis: 'Nothing: it happens after a re-dial.',
  },
  participant_limit: {
    meaning: 'The run has as many participants as it can take.',
    tryThis: 'Join when one has left.',
  },
  participant_name_taken: {
    meaning: 'That name belongs to another participant of this run, by its key, whether it is here or away.',
    tryThis: 'Join under another name.',
  },
  key_has_name: {
    meaning: 'One key takes part under one name in a run, so that nobody counts twice.',
    tryThis: 'Join under the name that this key has already, or leave with that one first.',
  },
  admission_refused: {
    meaning: 'Whoever coordinates this run decides who takes part, and did not let this participant in.',
    tryThis: 'Ask the coordinator; tell it your name and the words of your key.',
  },
  plan_refused: {
    meaning: 'What the run asks for was not approved on the participant’s machine: nothing was read, trained or sent.',
    tryThis: 'Read the plan and approve it, change the rules of that machine, or change what the run asks for.',
  },
  expelled: {
    meaning:
      'Whoever coordinates this run has sent this participant away; name and key stay out until the run is over.',
    tryThis: 'Ask the coordinator why. The next run is open to you again.',
  },
  invitation_replaced: {
    meaning: 'The coordinator has handed out a new invitation, and older ones let nobody new in.',
    tryThis: 'Ask the coordinator for the new invitation.',
  },
  invitation_expired: {
    meaning: 'This invitation had a last day, and that is over.',
    tryThis: 'Ask the coordinator for a new one.',
  },
  invitation_of_another: {
    meaning: 'This invitation was made for one participant, and lets in nobody of another name.',
    tryThis: 'Join under the name that it was made for, or ask the coordinator for one of your own.',
  },
  quorum_lost: {
    meaning: 'Too few updates were in when the deadline passed, so there is nothing to aggregate.',
    tryThis: 'See in Diagnosis who was missing; lengthen the deadline or lower the quorum.',
    inTerminal: 'See above who was missing; lengthen the deadline or lower the quorum.',
  },
  coordinator_gone: {
    meaning:
      'The coordinator no longer answers; it may be off, ended, or cut off from this network. The run may be over.',
    tryThis:
      'Ask whoever coordinates; when it is back, join again with the same invitation: a finished update was kept.',
  },
  run_over: {
    meaning: 'The run has ended; nothing more is taken.',
    tryThis: 'Ask the coordinator for the invitation to a new run.',
  },
  data_missing: {
    meaning: 'The data is not there or holds no images.',
    tryThis:
      'Choose a folder that has one sub-folder per class, MNIST-style IDX files, NumPy .npz or .npy, or a CSV table with pixels.',
  },
  data_invalid: {
    meaning: 'The data has no images that can be read, or files that do not fit each other.',
    tryThis:
      'Check the file that is named, and its line: images must be PNG or JPEG, pixels whole numbers from 0 to 255, pictures and labels of arrays must fit each other.',
  },
  classes_unknown: {
    meaning:
      'Labels are matched by name, so that nobody teaches the model a wrong one; the run does not have these classes.',
    tryThis: 'Say which class of the run each of them is, or that it is left out; or rename the folders.',
  },
  data_too_large: {
    meaning: 'There is more data than fits the limits of this version.',
    tryThis: 'Choose a part of it, or smaller images.',
  },
  model_invalid: {
    meaning: 'This model cannot be trained here, or not on this data.',
    tryThis: 'Follow the message: it names the layer or node, or the shapes and classes that do not fit.',
  },
  model_unfit: {
    meaning: 'A run begins only with a model of its own layers and classes: another one would learn wrong labels.',
    tryThis: 'Choose a model of a run with the same data to check with, such as its best.safetensors, or leave it out.',
  },
  training_failed: {
    meaning: 'The trainer gave up on this round; the participant stays in the run.',
    tryThis: 'Read the cause below; a lower learning rate helps against diverging loss.',
  },
  trainer_crashed: {
    meaning: 'The trainer ended without a word; it is started again for the next round.',
    tryThis: 'Check the free memory of the machine.',
  },
  disk_full: {
    meaning: 'What should be kept could not be written. The run goes on without it, and what is lost is counted.',
    tryThis: 'Free space on the disk of the data folder, which Settings names.',
    inTerminal: 'Free space on the disk of the data folder, or name another one by ROUNDSCOPE_DATA.',
  },
  path_unwritable: {
    meaning: 'Files cannot be written there.',
    tryThis: 'Choose another folder, or change its permissions.',
  },
  state_invalid: {
    meaning: 'A run cannot go on from what lies there: it was damaged, or written by another version.',
    tryThis: 'Restore the folder from a backup, or start a new run with an empty folder.',
  },
  state_in_use: {
    meaning: 'Two processes on one state folder would speak for the same participant, or write the same journal.',
    tryThis: 'End the other process, or take another name or folder.',
  },
  recording_invalid: {
    meaning: 'The file is no recording of ours, or it is damaged beyond what could be read.',
    tryThis: 'Choose another file; recordings end in .rscope, older ones in .sqlite.',
  },
  recording_kept: {
    meaning: 'A recording that is open for writing, or that is pinned, is not deleted.',
    tryThis: 'Begin another run, or take the pin off, and delete it then.',
  },
  recording_gone: {
    meaning: 'It was deleted, and its file is not there any more.',
    tryThis: 'Pin recordings that are not to be deleted.',
  },
  recorder_crashed: {
    meaning: 'The recorder ended and is started again; what came between is lost and counted. The run goes on.',
    tryThis: 'Check disk and memory if it happens again.',
  },
  invitation_invalid: {
    meaning: 'The invitation is incomplete or mistyped.',
    tryThis: 'Copy the whole line again; it begins with roundscope://join?',
  },
  settings_invalid: {
    meaning: 'One of the settings is outside what is allowed; nothing was started.',
    tryThis: 'Correct the setting that is named.',
  },
  request_invalid: {
    meaning: 'The window asked for something that the service does not understand: a bug, or two versions mixed.',
    tryThis: 'Reload the window; please report it if it comes back.',
  },
  already_running: {
    meaning: 'A run is going on, and this app takes part in one at a time.',
    tryThis: 'Stop the run first.',
  },
  not_running: {
    meaning: 'There is no run that this could act on.',
    tryThis: 'Start the demo or join a run first.',
  },
  not_now: {
    meaning: 'The run is not at the point where this can be done.',
    tryThis: 'See in Rounds what it waits for.',
    inTerminal: 'Wait for what is named, then try again.',
  },
  process_exited: {
    meaning: 'A process of the run ended unexpectedly. The others go on without it.',
    tryThis: 'See Diagnosis for what it did last.',
    inTerminal: 'The lines above say what it did last.',
  },
  service_crashed: {
    meaning: 'The service behind this window is not there. It is started again by itself; recordings are kept.',
    tryThis: 'Wait a few seconds; if nothing happens, start Roundscope again.',
  },
  aborted: {
    meaning: 'It was stopped before it was done.',
    tryThis: 'Start it again if that was not wanted.',
  },
  timeout: {
    meaning: 'It took longer than it may.',
    tryThis: 'Try again; if it goes on, see Diagnosis for what is slow.',
    inTerminal: 'Try again; if it goes on, look at the load of the machine and the network.',
  },
  internal: {
    meaning: 'Something went wrong inside Roundscope: a bug.',
    tryThis: 'Save the last 10 minutes and send them with a report.',
    inTerminal: 'Send the recording of the run with a report.',
  },
};
