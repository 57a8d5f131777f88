import { standInRemark } from '../../test/support/stand-in-remark.ts';

/** The figures of a whole run of `node --test` as one JSON line, for the script that started it. */
export default async function* report(events) {
  // A suite that is skipped as a whole never names its tests, and would vanish from the figures.
  let suitesSkipped = 0;
  let standIns = 0;
  for await (const { type, data } of events) {
    if (type === 'test:pass' && data.details?.type === 'suite' && data.skip !== undefined) suitesSkipped++;
    if (type === 'test:diagnostic' && data.message === standInRemark) standIns++;
    if (type === 'test:summary' && !data.file) {
      const { passed, failed, cancelled, skipped, todo } = data.counts;
      yield JSON.stringify({ passed, failed: failed + cancelled, skipped: skipped + todo + suitesSkipped, standIns });
    }
  }
}
