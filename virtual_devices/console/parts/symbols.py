"""Symbols of buttons, as paths that Quasar draws in a square of 24: for letters of a font a page would load 128 kB."""

from __future__ import annotations

ADD = "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z"
CHECK = "M3.5 12.5l2-2 4 4L18.5 5.5l2 2-11 11z"
CLOSE = "M6.4 5L12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z"
COPY = "M4 3h11v2H6v11H4zM8 7h12v14H8zM10 9v10h8V9z"
DELETE = "M9 3h6v2h5v2H4V5h5zM6 9h12l-1 12H7z"
DOWNLOAD = "M11 3h2v8h4l-5 5-5-5h4zM4 18h16v2H4z"
EDIT = "M4 16.5L14.5 6l3.5 3.5L7.5 20H4zM15.5 5l2-2L21 6.5l-2 2z"
MORE = "M12 4a2 2 0 1 0 .01 0zM12 10a2 2 0 1 0 .01 0zM12 16a2 2 0 1 0 .01 0z"
PLAY = "M7 4l13 8-13 8z"
POWER = "M11 3h2v9h-2zM7 6.2l1.3 1.5a6 6 0 1 0 7.4 0L17 6.2a8 8 0 1 1-10 0z"
REFRESH = "M12 5V2l5 4.5-5 4.5V7a5 5 0 1 0 5 5h2a7 7 0 1 1-7-7z"
SETTINGS = "M3 6h10v2H3zM15 4h2v6h-2zM17 6h4v2h-4zM3 16h4v2H3zM7 14h2v6H7zM9 16h12v2H9z"
UNDO = "M9 5l-5 5 5 5v-4h5a3.5 3.5 0 0 1 0 7H9v2h5a5.5 5.5 0 0 0 0-11H9z"
UPLOAD = "M12 3l5 5h-4v8h-2V8H7zM4 18h16v2H4z"
