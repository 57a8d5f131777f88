/** Between the stand-in's main process and its utility processes; ports travel as numbers beside the message. */
export type UtilityMessage =
  | { readonly kind: 'message'; readonly data: unknown; readonly ports: readonly number[] }
  | { readonly kind: 'port_message'; readonly port: number; readonly data: unknown }
  | { readonly kind: 'port_close'; readonly port: number };
