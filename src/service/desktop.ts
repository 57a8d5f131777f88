/** What a window's own program can do for this service beside showing pages. */
export interface Desktop {
  /** The system's own dialog; null: closed without a choice. */
  chooseFolder(title: string): Promise<string | null>;
  /** While true the system does not put this machine to sleep. */
  keepAwake(on: boolean): void;
}
