/** The figures of a whole run of `node --test` as one JSON line, for the script that started it. */
export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === 'test:summary' && !data.file) {
      const { passed, failed, cancelled, skipped, todo } = data.counts;
      yield JSON.stringify({ passed, failed: failed + cancelled, skipped: skipped + todo });
    }
  }
}
