import { useCallback, useEffect, useId } from 'react';
import type { JSX } from 'react';
import { bundledData } from '#shared/contract/run/bundled-data.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { UseBundled } from '#renderer/components/forms/bundled-data.tsx';
import { DataNotes, Thumbs } from '#renderer/components/forms/data-notes.tsx';
import { formatCount } from '#shared/base/text/counted.ts';
import { formatDuration, formatNames } from '#renderer/components/words/format.ts';
import { PathField } from '#renderer/components/forms/path-field.tsx';
import { changeJoin, joinDraft } from '#renderer/session/run/drafts.ts';
import { useFolders } from '#renderer/session/recordings/use-folders.ts';
import { useSessionState } from '#renderer/session/hooks.ts';
import { ClassTable } from './class-table.tsx';
import type { MappedClass } from './class-mapping.ts';
import { failureAt } from './use-join.ts';
import type { Join } from './use-join.ts';

/** The folder, what is in it as the model will see it, and the name under which this machine takes part. */
export function DataPanel({ join }: { readonly join: Join }): JSX.Element {
  const { draft, preview, previewError, reading } = join;
  const id = useId();
  const setData = useCallback((data: string) => changeJoin({ data, chosen: {} }), []);
  const { complete, choose, chooseFile } = useFolders('Your data', setData, 'data');
  const failure = failureAt(draft, 'data');
  return (
    <>
      <div className="ph">
        <h2>Your data</h2>
        <span className="sub">read on this machine only</span>
        <div className="end">
          <span className="sub" role="status">
            {reading ? 'reading' : preview === null ? '' : `read in ${formatDuration(preview.readMs)}`}
          </span>
          {draft.data.trim() !== '' && !reading && (
            <button type="button" className="btn sm" onClick={join.readAgain}>
              Read again
            </button>
          )}
        </div>
      </div>
      <div className="scroll">
        <div className="in top">
          <PathField
            label="Folder or file"
            value={draft.data}
            placeholder="~/pictures or ~/pictures.csv"
            words={bundledData}
            leadsTo="file"
            onChange={setData}
            complete={complete}
            choose={choose}
            chooseFile={chooseFile}
            invalid={failure !== null || previewError !== null || preview?.fault != null}
            faultId={`${id}-fault`}
          />
          <NameField join={join} />
        </div>
        <div id={`${id}-fault`} role="status">
          {draft.data.trim() === '' && (
            <p className="in hint t2">
              Choose the folder with your pictures, a folder in it for each class, or a file to see what the model would
              see: a CSV table with pixels as FER2013 has them, NumPy’s .npz or .npy, or MNIST’s IDX files. To try it
              out, <UseBundled onUse={setData} />
            </p>
          )}
          {failure !== null && <ErrorCard error={failure} />}
          {failure === null && previewError !== null && <ErrorCard error={previewError} />}
          {failure === null && preview?.fault != null && <DataFault join={join} fault={preview.fault} />}
        </div>
        {preview !== null && <Read join={join} preview={preview} />}
      </div>
    </>
  );
}

function Read({ join, preview }: { readonly join: Join; readonly preview: NonNullable<Join['preview']> }): JSX.Element {
  return (
    <div aria-busy={join.reading} className={join.reading ? 'stale' : ''}>
      {preview.pictures.length > 0 && (
        <div className="in">
          <Thumbs preview={preview} />
        </div>
      )}
      {join.rows.length > 0 && <ClassTable rows={join.rows} classes={join.plan?.classes ?? null} preview={preview} />}
      <div className="in">
        <DataNotes preview={preview} />
      </div>
    </div>
  );
}

/** Why this data cannot take part as it is; where that is a class that the run does not know, with both lists. */
function DataFault({
  join,
  fault,
}: {
  readonly join: Join;
  readonly fault: Parameters<typeof ErrorCard>[0]['error'];
}): JSX.Element | null {
  const unknown = join.rows.filter(({ state }) => state === 'unknown');
  if (join.plan === null || unknown.length === 0) {
    // Guesses answer it as soon as they are asked for.
    if (join.plan !== null && join.reading) return null;
    return <ErrorCard error={fault} />;
  }
  return (
    <div className="err" role="alert">
      <dl>
        <dt>What happened</dt>
        <dd>{shownWithin(unknownWords(unknown))}</dd>
        <dt>Run’s classes</dt>
        <dd>
          <Chips names={join.plan.classes} />
        </dd>
        <dt>Your classes</dt>
        <dd>
          <Chips names={join.rows.map(({ name }) => name)} bad={unknown} />
        </dd>
        <dt>What to try</dt>
        <dd className="try">
          <button type="button" className="btn sm pri" onClick={() => leaveOut(unknown)}>
            Leave {unknown.length === 1 ? shownWithin((unknown[0] as MappedClass).name) : `these ${unknown.length}`} out
          </button>
          <span className="t2">or choose a class of the run for {unknown.length === 1 ? 'it' : 'each'} below</span>
        </dd>
      </dl>
    </div>
  );
}

function unknownWords(rows: readonly MappedClass[]): string {
  const names = rows.map(
    ({ name, count }) => `“${name}” (${formatCount(count)} ${count === 1 ? 'picture' : 'pictures'})`,
  );
  return rows.length === 1
    ? `${names[0]} is not a class of this run, and none has a name like it.`
    : `These are not classes of this run, and none has a name like them: ${formatNames(names, 6)}.`;
}

function leaveOut(rows: readonly MappedClass[]): void {
  changeJoin({ chosen: { ...joinDraft().chosen, ...Object.fromEntries(rows.map(({ name }) => [name, null])) } });
}

function Chips({
  names,
  bad = [],
}: {
  readonly names: readonly string[];
  readonly bad?: readonly MappedClass[];
}): JSX.Element {
  return (
    <ul className="chips">
      {names.map((name) => (
        <li key={name} className={bad.some((one) => one.name === name) ? 'chip bad' : 'chip'}>
          {shownWithin(name)}
        </li>
      ))}
    </ul>
  );
}

function NameField({ join }: { readonly join: Join }): JSX.Element {
  const id = useId();
  const ownName = useSessionState((session) => session.app?.ownName ?? '');
  const { draft, faults } = join;
  useEffect(() => {
    if (!joinDraft().named && ownName !== '') changeJoin({ name: ownName, named: true });
  }, [ownName]);
  const fault = faults.get('name');
  const failure = failureAt(draft, 'name');
  const taken = join.plan?.nameTaken === true;
  return (
    <div className="field">
      <label htmlFor={id}>Your name</label>
      <div className="fc">
        <input
          id={id}
          className="inp"
          spellCheck={false}
          autoComplete="off"
          value={draft.name}
          aria-invalid={fault !== undefined || failure !== null || taken}
          aria-describedby={`${id}-fault`}
          onChange={(event) => changeJoin({ name: event.target.value, named: true })}
        />
        <span className="t3">the others see it</span>
      </div>
      <div id={`${id}-fault`} className="wide" role="status">
        {fault !== undefined && <p className="help bad">{fault}</p>}
        {failure !== null && <ErrorCard error={failure} />}
        {taken && failure === null && (
          <p className="help bad">
            Somebody of that name takes part already. Choose another name, such as {draft.name}-2.
          </p>
        )}
      </div>
    </div>
  );
}
