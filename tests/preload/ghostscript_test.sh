#!/bin/bash
# timeout: 300
# ghostscript: a PostScript program of many pages, drawn as pixels.
PRELOAD_SETTINGS="default fit:best"
. "$(dirname "$0")/lib.sh"
preload_begin gs

cat >"$preload_input/pages.ps" <<'PS'
%!PS
/page {
    /n exch def
    0 1 60 { /i exch def
        i 60 div n 12 div 0.5 setrgbcolor
        300 400 moveto i 6 mul cos n 10 add mul 15 mul 300 add i 6 mul sin n 10 add mul 15 mul 400 add lineto
        i 10 div setlinewidth stroke } for
    0 setgray /Times-Roman findfont n 8 add scalefont setfont
    0 1 20 { /i exch def 50 50 i 35 mul add moveto (Page ) show n 10 string cvs show ( line ) show i 10 string cvs show } for
    showpage
} def
1 1 12 { page } for
PS

pixels() {
    gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r72 -o page-%02d.ppm "$preload_input/pages.ps"
    cksum page-*.ppm
    rm page-*.ppm
}

text() {
    gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=txtwrite -o - "$preload_input/pages.ps"
}

preload_scenario "pages as pixels" pixels gs
preload_scenario "pages as text" text gs
preload_end
