import type { AppService } from '../app-service.ts';
import type { RequestHandlers } from '../windows/port-server.ts';

type LibraryRequest =
  | 'list_recordings'
  | 'annotate_recording'
  | 'delete_recording'
  | 'restore_recording'
  | 'import_recording'
  | 'cancel_import';

/** What a window may ask about the recordings of the data folder. */
export function libraryRequests(service: AppService): Pick<RequestHandlers, LibraryRequest> {
  const { library } = service;
  const { imports } = library;
  return {
    list_recordings: () => library.list(),
    annotate_recording: async (asked) => {
      await library.annotate(asked);
      return {};
    },
    delete_recording: async ({ path }) => ({ deleted: await library.delete(path) }),
    restore_recording: async ({ id }) => ({ path: await library.restore(id) }),
    import_recording: async (piece) => ({ path: await imports.take(piece) }),
    cancel_import: async ({ transfer }) => {
      await imports.cancel(transfer);
      return {};
    },
  };
}
