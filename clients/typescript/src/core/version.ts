/**
 * The version of this package.
 *
 * @module
 */

export const VERSION = "0.1.0";
/** What every connection says that it is. */
export const USER_AGENT = `openclone-typescript/${VERSION}`;
