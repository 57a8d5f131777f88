import { ofProtocols, protocols } from '#shared/contract/protocols.ts';
import type { ColorTheme } from '#shared/transports/descriptor.ts';

/** Shape of each protocol on a grid of 10. Color is never alone. */
export const protocolGlyphs = ofProtocols(({ mark }) => mark);

/** Color of each protocol as a CSS value, for marks, charts and canvases. */
export const protocolColors = ofProtocols((_, protocol) => `var(${propertyOf(protocol)})`);

/** Where each theme is in force, as in `tokens.css`; what is not of another is light. */
const selectors: Readonly<Record<ColorTheme, string>> = {
  light: ':root',
  dark: ":root[data-theme='dark']",
  projector: ":root[data-theme='projector']",
};

/** The colors of all protocols in all themes, as the properties that `protocolColors` names. */
export function protocolStyles(): string {
  return (Object.keys(selectors) as ColorTheme[])
    .map((theme) => {
      const colors = ofProtocols(({ colors: of }) => of[theme]);
      return `${selectors[theme]} { ${protocols.map((protocol) => `${propertyOf(protocol)}: ${colors[protocol]};`).join(' ')} }`;
    })
    .join('\n');
}

/** Once, before anything is drawn. A sheet made by script is no inline style, which the page's policy forbids. */
export function adoptProtocolStyles(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(protocolStyles());
  document.adoptedStyleSheets.push(sheet);
}

function propertyOf(protocol: string): string {
  return `--p-${protocol}`;
}
