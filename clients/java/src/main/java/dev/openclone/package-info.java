/** The client for plugin authors: {@link dev.openclone.OpenClone} sends {@link dev.openclone.Event}s of one source type. */
package dev.openclone;
