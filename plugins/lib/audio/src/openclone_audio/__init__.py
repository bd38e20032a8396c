"""Turns what apps play, what the microphone hears and recorded notes into text for an OpenClone vault.

The path of a sound: a capture back end (`pulse`) reads 16 kHz mono PCM → `segmenter` cuts it at pauses → `segments` keeps each
segment in a directory in memory → `worker`, a process of its own, turns it into text (`transcriber`), queues the text durably in the
SDK's spool and deletes the sound.

Invariants:

- No sound of a blocked app, and none that was captured during a pause, is ever turned into text.
- A segment is deleted only after its text is in the spool, or because it holds no speech; its `raw_ref` is fixed when it is cut, so
  a segment that is processed again after a crash is stored once.
- Nothing runs while nothing plays.
"""
