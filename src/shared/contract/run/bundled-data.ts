/** Data that comes with Roundscope: its name stands wherever a path could. */
export interface BundledData {
  readonly name: string;
  /** What is told of where examples came from. */
  readonly source: string;
  /** For people, behind the name. */
  readonly means: string;
}

export const digitsData: BundledData = {
  name: 'digits',
  source: 'digits',
  means: 'the handwritten digits that come with Roundscope',
};

/** Nobody is in these pictures, so each place that shows them says so. */
export const facesData: BundledData = {
  name: 'faces',
  source: 'faces (synthetic)',
  means: 'synthetic faces of seven emotions, drawn by a program and not photographed',
};

export const bundledData: readonly BundledData[] = [digitsData, facesData];

export function bundledOf(name: string): BundledData | undefined {
  return bundledData.find((one) => one.name === name.trim());
}

/** Whether examples of this source were drawn by a program. */
export function isSynthetic(source: string): boolean {
  return source === facesData.source;
}
