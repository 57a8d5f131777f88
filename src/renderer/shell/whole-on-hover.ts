import { useEffect } from 'react';

/** Words that end in an ellipsis tell the whole of themselves when pointed at, wherever they are. */
export function useWholeOnHover(): void {
  useEffect(() => {
    document.addEventListener('pointerover', tellWhole);
    return () => document.removeEventListener('pointerover', tellWhole);
  }, []);
}

/** An ellipsis belongs to the element pointed at or to one close above it. */
const levelsMax = 4;

function tellWhole({ target }: Event): void {
  let element = target instanceof HTMLElement ? target : null;
  for (let level = 0; element !== null && level < levelsMax; level++, element = element.parentElement) {
    const cut = element.scrollWidth > element.clientWidth && getComputedStyle(element).textOverflow === 'ellipsis';
    // An empty title tells nothing.
    if (cut && (element.title === '' || element.dataset['told'] === 'hover')) {
      element.title = element.textContent.trim();
      element.dataset['told'] = 'hover';
    } else if (!cut && element.dataset['told'] === 'hover') {
      element.removeAttribute('title');
      delete element.dataset['told'];
    }
  }
}
