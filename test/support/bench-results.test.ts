import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSections } from '../../bench/results.ts';

const before = '# Results\n\nWords.\n\n<!-- figures -->\n\nToday.\n\n## One\n\n| a |\n\n## Two\n\n| b |\n';

test('a section is replaced where it stands, and the others stay as they were', () => {
  const after = withSections(before, [{ title: 'One', text: '| new |' }]);
  assert.equal(after, before.replace('| a |', '| new |'));
});

test('a new section comes last, also in a file without any', () => {
  assert.equal(withSections(before, [{ title: 'Three', text: '| c |\n' }]), `${before}\n## Three\n\n| c |\n`);
  assert.equal(
    withSections('# Results\n', [{ title: 'One', text: 'x' }]),
    '# Results\n\n<!-- figures -->\n\n## One\n\nx\n',
  );
});
