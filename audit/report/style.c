/* The style sheet. Colours follow Okabe and Ito's palette, darkened or lightened to stand out from the ground. */
#include "audit/report/sections_internal.h"

static const char *const rules[] = {
    ":root{color-scheme:light dark;--ink:#1b2026;--soft:#59636e;--rule:#d5dbe1;--paper:#fff;"
    "--panel:#f5f7f9;--c0:#0067a5;--c1:#c44e00;--c2:#007a5a;--c3:#9c3f7b;--c4:#7a5c00;--c5:#444c56;"
    "--alarm:#a8200d;--alarm-panel:#fdf1ee;--heat:196,78,0}\n",
    "@media screen and (prefers-color-scheme:dark){\n",
    ":root{--ink:#e3e8ed;--soft:#9aa5b1;--rule:#37404a;--paper:#14181d;--panel:#1d232a;--c0:#56b4e9;"
    "--c1:#f0894a;--c2:#2fc69b;--c3:#d98cbb;--c4:#e0b43c;--c5:#b6c0cb;--alarm:#ff8a75;"
    "--alarm-panel:#2e1d1a;--heat:240,137,74}\n",
    ".sheet{background:#fff}}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"
    "\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif;overflow-wrap:break-word}\n",
    "main{max-width:912px;margin:0 auto;padding:44px 24px 64px}\n",
    "h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}\n",
    "h2{font-size:21px;line-height:1.3;margin:0 0 6px}h3{font-size:16px;margin:28px 0 4px}\n",
    "p,li{max-width:720px}p{margin:8px 0}\n",
    "section{margin-top:46px;padding-top:20px;border-top:1px solid var(--rule)}\n",
    ".soft,caption,figcaption,.note{color:var(--soft)}\n",
    ".note,figcaption,caption{font-size:13.5px;line-height:1.45}nav{margin-top:22px;font-size:14px}\n",
    "nav a{margin-right:16px;white-space:nowrap}a{color:var(--c0)}\n",
    ".verdict{margin:26px 0 24px;font-size:17px}.verdict p{margin:0 0 10px}\n",
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(168px,1fr));gap:12px;margin:0 0 "
    "18px}\n",
    ".tile{display:flex;flex-direction:column;margin:0;background:var(--panel);"
    "border:1px solid var(--rule);border-radius:6px;padding:13px 15px 12px}\n",
    ".tile dt{font-size:14px;line-height:1.35;margin-bottom:5px}\n",
    ".tile dd{margin:0;font-size:13px;line-height:1.45;color:var(--soft)}\n",
    ".tile dd.big{order:-1;font-size:27px;line-height:1.3;color:var(--ink);font-weight:600;"
    "letter-spacing:-.01em}\n",
    ".alarm{background:var(--alarm-panel);border-left:4px solid var(--alarm);padding:10px 14px;"
    "margin:12px 0;border-radius:0 4px 4px 0}\n",
    ".tile dd.bad{color:var(--alarm)}.alarm p{margin:4px 0}.alarm b,.bad{color:var(--alarm)}\n",
    "code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}\n",
    "code.block{display:block;white-space:pre-wrap;background:var(--panel);border:1px solid var(--rule);"
    "border-radius:6px;padding:10px 12px;margin:8px 0}\n",
    ".wide{overflow-x:auto;margin:16px 0}\n",
    "table{border-collapse:collapse;font-size:14px;line-height:1.4;font-variant-numeric:tabular-nums;"
    "overflow-wrap:normal}\n",
    "caption{text-align:left;padding-bottom:6px}\n",
    "th,td{text-align:left;font-weight:400;padding:4px 18px 4px 0;border-bottom:1px solid var(--rule);"
    "vertical-align:baseline}\n",
    "tbody th{min-width:7em}tbody th.n{min-width:0}.verdict-word{white-space:nowrap}.why{min-width:12em}\n",
    ".facts td{overflow-wrap:anywhere}\n",
    "thead th{font-weight:600;font-size:13px;border-bottom-color:var(--soft);vertical-align:bottom}\n",
    ".n{text-align:right;white-space:nowrap}.facts th{color:var(--soft);white-space:nowrap}\n",
    "table.heat td{padding:4px 5px;text-align:right;border:1px solid var(--paper);white-space:nowrap}\n",
    "table.heat small{display:block;color:var(--ink);font-size:11.5px}table.heat th{padding-right:10px}\n",
    "table.heat thead th{text-align:right}table.heat thead th:first-child{text-align:left}\n",
    "table.heat td{background:rgba(var(--heat),calc(var(--v)*.5))}figure{margin:18px 0;overflow-x:auto}\n",
    "figure svg{display:block;width:100%;height:auto}\n",
    "figure img{display:block;max-width:100%;height:auto;border:1px solid var(--rule)}\n",
    "figcaption{margin-top:8px;max-width:720px}\n",
    ".halo{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}\n",
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 20px}\n",
    "svg text{font-size:13px;fill:var(--ink);font-variant-numeric:tabular-nums}\n",
    "svg text.soft{fill:var(--soft);font-size:12.5px}svg .end{text-anchor:end}svg .mid{text-anchor:middle}\n",
    ".grid{stroke:var(--rule);fill:none}.axis{stroke:var(--soft);fill:none}\n",
    ".reference{stroke:var(--soft);fill:none;stroke-dasharray:2 4;stroke-width:1.5}\n",
    ".band{fill:var(--soft);opacity:.15}.s0{--s:var(--c0)}.s1{--s:var(--c1)}.s2{--s:var(--c2)}\n",
    ".s3{--s:var(--c3)}.s4{--s:var(--c4)}.s5{--s:var(--c5)}.line{fill:none;stroke:var(--s);stroke-width:2}\n",
    ".s1.line{stroke-dasharray:7 3}.s2.line{stroke-dasharray:2 3}.s3.line{stroke-dasharray:9 3 2 3}\n",
    ".s4.line{stroke-dasharray:12 4}.bar{stroke:var(--s);stroke-width:1.6}\n",
    ".mark{fill:var(--s);stroke:var(--paper);stroke-width:.25}\n",
    ".open{fill:var(--paper);stroke:var(--s);stroke-width:.35}\n",
    ".contour{fill:none;stroke:#fff;stroke-opacity:.75}.way{fill:none;stroke:#fff;stroke-width:2.5}\n",
    ".stop{fill:#fff;stroke:#1b2026}\n",
    "@page{margin:15mm}\n",
    "@media print{:root{color-scheme:light}body{font-size:10.5pt}main{max-width:none;padding:0}\n",
    "nav{display:none}section{margin-top:26px}figure,tr,.tile,.alarm{break-inside:avoid}\n",
    "h2,h3{break-after:avoid}.wide,figure{overflow:visible}table{font-size:8.5pt}th,td{padding-right:10px}\n",
    "table.heat small{font-size:6.5pt}table.heat td{padding:2px 3px}thead th{font-size:8pt}\n",
    "tbody th{min-width:4em}caption,figcaption,.note{font-size:9pt}table.heat td{padding:2px 3px}\n",
    "thead th{font-size:8pt}tbody th{min-width:4em}caption,figcaption,.note{font-size:9pt}\n",
    "figure svg{min-width:0!important}\n",
    "td,.tile,.alarm{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n",
    NULL};

void style_put(html *h) {
    html_put(h, "<style>\n");
    for (int i = 0; rules[i]; i++)
        fputs(rules[i], h->file);
    html_put(h, "</style>\n");
}
