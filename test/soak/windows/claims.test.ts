import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimOf } from './claims.ts';

const said = (words: { readonly verdict?: string; readonly status?: string; readonly past?: string }) => ({
  ...{ at: 0, verdict: '', past: '', status: '', wait: '', ownLane: '', coordinatorLane: '' },
  ...{ round: null, counted: null, raw: [], differs: [] },
  ...words,
});

test('whom a window names, by its words', () => {
  const verdicts = [
    ['The coordinator does not answer: last heard 4 s ago.', 'coordinator'],
    ['The link to the coordinator was lost: last heard 1 s ago.', 'link'],
    ['The MQTT broker at mqtt://127.0.0.1:1883 is out of reach. The coordinator was last heard 9 s ago.', 'broker'],
    ["lab-2's process stands still: it was stopped or gets no processor.", 'own process'],
    ["lab-1's process stands still: it was stopped or gets no processor.", 'another'],
    ['Your training has stopped: no gradient step is made, and the link is well.', 'own training'],
    ['Your model update is stuck at 0.1 of 0.5 MB; heartbeats pass.', 'transfer'],
    ['This machine is overloaded: 3 processes want 2 cores.', 'machine'],
    ['Something that nobody has thought of.', 'unknown'],
  ] as const;
  for (const [verdict, claim] of verdicts) assert.equal(claimOf(said({ verdict }), 'lab-2'), claim, verdict);
  const lines = [
    ['No stall This node lab-2 is training , batch 1 / 180', 'well'],
    ['Service restarted connected again at 12:01:02; the picture below is complete No stall', 'well'],
    ['Back after 12.8 s, nothing lost This node lab-2', 'well'],
    ["This node's process ended (SIGKILL) it is being started again Leave…", 'own process'],
    ["This node's process ended (SIGKILL) No model was written here", 'no run'],
    ['Link degraded: nothing heard for 2.5 s This node lab-2', 'link'],
    ['Paused by you for 3 s Resume within 9 s', 'paused'],
    ['Joining my run at 127.0.0.1 dialing over UDP, 0 s', 'joining'],
    ['You left at round 4 the run goes on without this node', 'no run'],
    ['Ready. Nothing leaves this machine before you join or coordinate a run.', 'no run'],
    ['All is fine, is it not?', 'unknown'],
  ] as const;
  for (const [status, claim] of lines) assert.equal(claimOf(said({ status }), 'lab-2'), claim, status);
  assert.equal(claimOf(said({ past: 'Stopped updating 4 s ago.', status: 'No stall' }), 'lab-2'), 'service');
});
