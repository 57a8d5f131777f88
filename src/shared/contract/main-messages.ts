import { z } from 'zod';
import { fileKindSchema } from './app/file-kinds.ts';
import { childEntries, sealingKeySchema } from './child-messages.ts';

/**
 * Between Electron's main and the service. Main forks and supervises; it hands ports over and is out of the data path.
 * Ports travel beside a message, never in it.
 */
export const toMainSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('launch'),
    id: z.number().int().nonnegative(),
    entry: z.enum(childEntries),
    name: z.string().max(64),
  }),
  z.object({ type: z.literal('end'), id: z.number().int().nonnegative(), how: z.enum(['terminate', 'kill']) }),
  /** The user is asked for a folder, or for a file of that kind, by the system's own dialog. */
  z.object({
    type: z.literal('choose_folder'),
    id: z.number().int().nonnegative(),
    title: z.string().max(200),
    files: fileKindSchema.nullable(),
  }),
  /** While a run trains this machine is not put to sleep by the system. */
  z.object({ type: z.literal('keep_awake'), on: z.boolean() }),
  /** The service has said goodbye to everybody and may be ended. */
  z.object({ type: z.literal('stopped') }),
]);
export type ToMain = z.infer<typeof toMainSchema>;

export const toServiceSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    version: z.string().max(40),
    dataFolder: z.string().max(4096),
    idle: z.boolean(),
    restarted: z.boolean(),
    /** Absent where the system has no safe storage. */
    sealingKey: sealingKeySchema.optional(),
  }),
  /** With the service's end of a renderer's port. */
  z.object({ type: z.literal('renderer') }),
  /** With the service's end of the child's port. */
  z.object({ type: z.literal('launched'), id: z.number().int().nonnegative(), pid: z.number().int().nonnegative() }),
  z.object({
    type: z.literal('exited'),
    id: z.number().int().nonnegative(),
    code: z.number().int().nullable(),
    signal: z.string().max(20).nullable(),
    stderr: z.string().max(8192),
  }),
  z.object({
    type: z.literal('folder_chosen'),
    id: z.number().int().nonnegative(),
    /** Null: the dialog was closed without a choice. */
    path: z.string().max(4096).nullable(),
  }),
  z.object({
    type: z.literal('stop'),
    /** Main ends by a mistake of its own, which the run is to know. */
    fault: z.string().max(1000).optional(),
  }),
]);
export type ToService = z.infer<typeof toServiceSchema>;

/** The one address under which the window is served. */
export const appOrigin = 'app://roundscope';
