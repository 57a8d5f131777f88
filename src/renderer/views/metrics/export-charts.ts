import { saveFile } from '#renderer/components/save.ts';

const copied = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-size',
  'font-family',
  'font-weight',
  'text-anchor',
] as const;
const scaleOfPng = 2;

/** The charts in sight as one picture, every color written out so that it looks the same elsewhere. */
export function chartsAsSvg(root: HTMLElement): {
  readonly text: string;
  readonly width: number;
  readonly height: number;
} {
  const frame = root.getBoundingClientRect();
  const parts = [`<rect width="100%" height="100%" fill="${getComputedStyle(root).getPropertyValue('--surface')}"/>`];
  for (const panel of root.querySelectorAll<HTMLElement>('.mc')) {
    const box = panel.getBoundingClientRect();
    parts.push(
      textAt(panel.querySelector('h3'), frame),
      ...[...panel.querySelectorAll('.ml > span')].map((item) => textAt(item, frame)),
    );
    parts.push(...[...panel.querySelectorAll('.br > *')].map((cell) => textAt(cell, frame)));
    if (box.width === 0) continue;
    for (const svg of panel.querySelectorAll<SVGSVGElement>('svg.recharts-surface')) {
      const at = svg.getBoundingClientRect();
      parts.push(`<g transform="translate(${at.left - frame.left} ${at.top - frame.top})">${inlined(svg)}</g>`);
    }
  }
  const [width, height] = [Math.ceil(frame.width), Math.ceil(frame.height)];
  return {
    text: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${parts.join('')}</svg>`,
    width,
    height,
  };
}

/** @returns false when the browser would not draw it */
export async function savePng(root: HTMLElement, name: string): Promise<boolean> {
  const { text, width, height } = chartsAsSvg(root);
  const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = width * scaleOfPng;
    canvas.height = height * scaleOfPng;
    const context = canvas.getContext('2d');
    if (context === null) return false;
    context.scale(scaleOfPng, scaleOfPng);
    context.drawImage(image, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (blob === null) return false;
    saveFile(name, 'image/png', blob);
    return true;
  } catch {
    // decode() rejects when the page's policy or the browser refuses the picture; the caller says so.
    return false;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function inlined(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = svg.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((element, i) => {
    const original = originals[i];
    if (original === undefined) return;
    const style = getComputedStyle(original);
    for (const name of copied) {
      const value = style.getPropertyValue(name);
      if (value !== '')
        element.setAttribute(name, value.startsWith('url(') ? (original.getAttribute(name) ?? value) : value);
    }
    element.removeAttribute('class');
    element.removeAttribute('style');
  });
  return copy.innerHTML;
}

function textAt(element: Element | null, frame: DOMRect): string {
  const text = element?.textContent?.trim() ?? '';
  if (element === null || text === '') return '';
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const family = style.fontFamily.replaceAll('"', "'");
  return `<text x="${box.left - frame.left}" y="${box.bottom - frame.top - box.height * 0.28}" font-size="${style.fontSize}" font-family="${family}" font-weight="${style.fontWeight}" fill="${style.color}">${escaped}</text>`;
}
