import { useCallback, useId } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { UseBundled } from '#renderer/components/forms/bundled-data.tsx';
import { DataNotes } from '#renderer/components/forms/data-notes.tsx';
import { formatCount } from '#shared/base/text/counted.ts';
import { FormFoot } from '#renderer/components/forms/form-foot.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { PathField } from '#renderer/components/forms/path-field.tsx';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import { useFormCommand } from '#renderer/session/commands.ts';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useBusy } from '#renderer/session/run/run-requests.ts';
import { endWord } from '#renderer/session/run/run-state.ts';
import { useFolders } from '#renderer/session/recordings/use-folders.ts';
import { bundledData, isSynthetic } from '#shared/contract/run/bundled-data.ts';
import type { DataPreview } from '#shared/contract/app/port-api.ts';
import { AdmissionFields } from './admission/admission-fields.tsx';
import { AskedPanel } from './admission/asked-panel.tsx';
import { coordinateFieldOf } from './check-coordinate.ts';
import { ModelField } from './model-field.tsx';
import { NetworkFields } from './network-fields.tsx';
import { RoundFields } from './round-fields.tsx';
import { StartFromField } from './start-from-field.tsx';
import { TextField } from './text-field.tsx';
import { useCoordinate } from './use-coordinate.ts';
import type { Coordinate } from './use-coordinate.ts';

/** What the run is, whom it needs and how they reach it; beside it the plan that each of them will read. */
export function CoordinateForm(): JSX.Element {
  const coordinate = useCoordinate();
  useFormCommand({
    id: 'coordinate-now',
    section: 'Coordinate',
    title: 'Start this run and invite',
    icon: 'coordinate',
    reason: coordinate.starting ? 'starting already' : coordinate.reasons[0],
    run: coordinate.start,
  });
  return (
    <main className="coordinate">
      <section className="panel p-form" aria-label="Coordinate a run">
        <div className="ph">
          <h2>Coordinate a run</h2>
          <span className="sub">this machine keeps the rounds and averages</span>
        </div>
        <div className="scroll">
          <div className="in">
            <NameField coordinate={coordinate} />
            <DataField coordinate={coordinate} />
            <ModelField coordinate={coordinate} />
            <StartFromField coordinate={coordinate} />
            <hr />
            <RoundFields draft={coordinate.draft} />
            <hr />
            <AdmissionFields coordinate={coordinate} />
            <hr />
            <NetworkFields coordinate={coordinate} />
          </div>
        </div>
      </section>
      <section className="panel p-asked" aria-label="What each will be asked">
        <AskedPanel coordinate={coordinate} />
        <Foot coordinate={coordinate} />
      </section>
    </main>
  );
}

interface FieldsProps {
  readonly coordinate: Coordinate;
}

function NameField({ coordinate: { draft, faults } }: FieldsProps): JSX.Element {
  return (
    <TextField
      label="Name"
      value={draft.name}
      placeholder="emotion pilot"
      help={faults.get('name') ?? 'Everybody sees it.'}
      maxLength={80}
      onChange={(name) => changeCoordinate({ name })}
    />
  );
}

function DataField({ coordinate }: FieldsProps): JSX.Element {
  const { draft, preview, previewError, reading } = coordinate;
  const id = useId();
  const setData = useCallback((data: string) => changeCoordinate({ data }), []);
  const { complete, choose, chooseFile } = useFolders('The data to check the model with', setData, 'data');
  const failure = draft.failure !== null && coordinateFieldOf(draft.failure) === 'data' ? draft.failure : null;
  const error = failure ?? previewError ?? preview?.fault ?? null;
  return (
    <>
      <PathField
        label="Data to check with"
        value={draft.data}
        placeholder="~/validation or ~/validation.csv"
        words={bundledData}
        leadsTo="file"
        onChange={setData}
        complete={complete}
        choose={choose}
        chooseFile={chooseFile}
        invalid={error !== null}
        faultId={`${id}-fault`}
      />
      <div className="wide" id={`${id}-fault`} role="status">
        {draft.data.trim() === '' && (
          <p className="help">
            Its classes and the shape of its pictures become those of the run. It stays here.{' '}
            <UseBundled onUse={setData} />
          </p>
        )}
        {reading && <p className="help">reading</p>}
        {error !== null && <ErrorCard error={error} />}
        {preview !== null && preview.fault === null && <Read preview={preview} />}
      </div>
    </>
  );
}

function Read({ preview }: { readonly preview: DataPreview }): JSX.Element {
  return (
    <>
      <p className="help">
        <span className="okc">
          <Icon name="check" as="small" />
        </span>{' '}
        {formatCount(preview.total)} {isSynthetic(preview.source) ? 'synthetic pictures' : 'pictures'},{' '}
        {shapeWords(preview.shape)}, {preview.classes.length} classes; it stays here
      </p>
      <DataNotes preview={preview} />
    </>
  );
}

function Foot({ coordinate }: FieldsProps): JSX.Element {
  const { draft, reasons, starting, start } = coordinate;
  const busy = useBusy();
  const elsewhere = draft.failure !== null && coordinateFieldOf(draft.failure) === null ? draft.failure : null;
  return (
    <>
      {elsewhere !== null && <ErrorCard error={elsewhere} />}
      <FormFoot
        name="coordinate"
        reasons={reasons}
        ready="Nobody is asked before you send the invitation."
        before="Before it can start"
        sent={starting ? 'Starting…' : null}
        button={starting ? 'Starting' : 'Start and invite'}
        onSend={start}
        onBack={() => navigate({ view: 'home' })}
        end={busy === null ? null : { word: endWord(busy), act: askToEndRun }}
      />
    </>
  );
}
