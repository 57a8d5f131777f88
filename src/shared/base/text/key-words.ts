/** Letters that are told apart over a bad line; of each word of sixteen bits, four consonants' bits and two vowels' bits in turn. */
const consonants = 'bdfghjklmnprstvz';
const vowels = 'aiou';
const wordsOfKey = 4;

/** What people read to each other instead of a key: its first 64 bits as four words that can be spoken, `lusab-babad-gutih-tugad`. */
export function keyWords(key: string): string {
  const words: string[] = [];
  for (let at = 0; at + 4 <= key.length && words.length < wordsOfKey; at += 4) {
    const bits = Number.parseInt(key.slice(at, at + 4), 16);
    if (Number.isNaN(bits)) break;
    words.push(wordOf(bits));
  }
  return words.join('-');
}

function wordOf(bits: number): string {
  const consonant = (shift: number): string => consonants.charAt((bits >> shift) & 0xf);
  const vowel = (shift: number): string => vowels.charAt((bits >> shift) & 0x3);
  return `${consonant(12)}${vowel(10)}${consonant(6)}${vowel(4)}${consonant(0)}`;
}

const keyWordsForm = new RegExp(
  `^(?:[${consonants}][${vowels}][${consonants}][${vowels}][${consonants}](?:-(?=.)|$)){${wordsOfKey}}$`,
);
const keyDigitsForm = /^[0-9a-f]{16,64}$/;

/** Whether a text means a key: its four words, or at least as many of its first digits. */
export function meansKey(text: string): boolean {
  return keyWordsForm.test(text) || keyDigitsForm.test(text);
}

/** Whether `text`, which means a key, means this one. */
export function isKeyMeant(text: string, key: string): boolean {
  return keyDigitsForm.test(text) ? key.startsWith(text) : keyWords(key) === text;
}
