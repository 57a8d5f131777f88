import type { JSX } from 'react';
import { digitsData, facesData } from '#shared/contract/run/bundled-data.ts';

/** To try it out without data of one's own. */
export function UseBundled({ onUse }: { readonly onUse: (name: string) => void }): JSX.Element {
  return (
    <>
      <button type="button" className="btn sm" onClick={() => onUse(digitsData.name)}>
        use the bundled digits
      </button>{' '}
      <button type="button" className="btn sm" onClick={() => onUse(facesData.name)}>
        use synthetic faces
      </button>
    </>
  );
}
