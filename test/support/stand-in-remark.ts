/** What a test says of itself that ran in Electron's stand-in, so that such tests are counted. */
export const standInRemark = "window: Electron's stand-in";
