/** An open connection to the peer in one way of moving bytes, as every measurement uses it. */
export interface Connection {
  /** Sends so many bytes and resolves with what the peer sent back. */
  roundTrip(bytes: number): Promise<void>;
  /** Sends so many bytes beside everything else; resolves when the peer says that it has read them all. */
  upload(bytes: number): Promise<void>;
  close(): Promise<void>;
}
