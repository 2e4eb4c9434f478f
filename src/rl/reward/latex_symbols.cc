// The tables of latex_symbols.h.
#include "rl/reward/latex_symbols.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace lapidary::rl {

namespace {

// Command, code point in hexadecimal.
constexpr const char* kSymbols =
    "AA c5 AE c6 Alpha 391 Angle 299c Beta 392 Bumpeq 224e Cap 22d2 Chi 3a7 Colon 2237 "
    "Cup 22d3 DH d0 DJ 110 Delta 394 Digamma 3dc DownArrowBar 2913 DownArrowUpArrow 21f5 "
    "DownLeftRightVector 2950 DownLeftTeeVector 295e DownLeftVectorBar 2956 "
    "DownRightTeeVector 295f DownRightVectorBar 2957 Downarrow 21d3 Epsilon 395 Equal 2a75 "
    "Eta 397 Gamma 393 IJ 132 Ident 1d540 Iota 399 Kappa 39a Koppa 3de L 141 Lambda 39b "
    "LeftDownTeeVector 2961 LeftDownVectorBar 2959 LeftRightVector 294e LeftTeeVector 295a "
    "LeftTriangleBar 29cf LeftUpDownVector 2951 LeftUpTeeVector 2960 LeftUpVectorBar 2958 "
    "LeftVectorBar 2952 Leftarrow 21d0 Leftrightarrow 21d4 Lleftarrow 21da "
    "Longleftarrow 27f8 Longleftrightarrow 27fa Longrightarrow 27f9 Lsh 21b0 Mu 39c NG 14a "
    "NestedGreaterGreater 2aa2 NestedLessLess 2aa1 Nu 39d O d8 OE 152 Omega 3a9 Omicron 39f "
    "Phi 3a6 Pi 3a0 Psi 3a8 ReverseUpEquilibrium 296f Rho 3a1 RightDownTeeVector 295d "
    "RightDownVectorBar 2955 RightTeeVector 295b RightTriangleBar 29d0 "
    "RightUpDownVector 294f RightUpTeeVector 295c RightUpVectorBar 2954 RightVectorBar 2953 "
    "Rightarrow 21d2 RoundImplies 2970 Rrightarrow 21db Rsh 21b1 RuleDelayed 29f4 Sampi 3e0 "
    "Sigma 3a3 Stigma 3da Subset 22d0 Supset 22d1 TH de Tau 3a4 Theta 398 UpArrowBar 2912 "
    "UpEquilibrium 296e Uparrow 21d1 Updownarrow 21d5 Upsilon 3a5 VDash 22ab Vdash 22a9 "
    "Vert 2016 Vvdash 22aa Xi 39e Zeta 396 aa e5 ae e6 aleph 2135 allequal 224c alpha 3b1 "
    "amalg 2a3f angle 2220 approx 2248 approxeq 224a approxnotequal 2246 aquarius 2652 "
    "aries 2648 arrowwaveleft 219c arrowwaveright 219d ast 2217 asymp 224d backepsilon 3f6 "
    "backprime 2035 backsim 223d backsimeq 22cd backslash 5c barwedge 2305 because 2235 "
    "beta 3b2 beth 2136 between 226c bigcap 22c2 bigcirc 25ef bigcup 22c3 bigoplus 2295 "
    "bigotimes 2297 bigtriangledown 25bd bigtriangleup 25b3 bigvee 22c1 bigwedge 22c0 "
    "blacklozenge 29eb blacksquare 25aa blacktriangle 25b4 blacktriangledown 25be "
    "blacktriangleleft 25c2 blacktriangleright 25b8 bowtie 22c8 boxdot 22a1 boxminus 229f "
    "boxplus 229e boxtimes 22a0 bullet 2219 bumpeq 224f cancer 264b cap 2229 "
    "capricornus 2651 cdot b7 cdots 22ef chi 3c7 circ 2218 circeq 2257 circlearrowleft 21ba "
    "circlearrowright 21bb circledS 24c8 circledast 229b circledcirc 229a circleddash 229d "
    "clockoint 2a0f clwintegral 2231 complement 2201 cong 2245 coprod 2210 cup 222a "
    "curlyeqprec 22de curlyeqsucc 22df curlyvee 22ce curlywedge 22cf curvearrowleft 21b6 "
    "curvearrowright 21b7 dag 2020 dagger 2020 daleth 2138 dashv 22a3 dblarrowupdown 21c5 "
    "ddddot 20dc dddot 20db ddots 22f1 delta 3b4 dh f0 diagup 2571 diamond 2662 digamma 3dd "
    "div f7 divideontimes 22c7 dj 111 doteq 2250 doteqdot 2251 dotplus 2214 dots 2026 "
    "dotsb 2026 dotsc 2026 dotsi 2026 dotsm 2026 dotso 2026 downarrow 2193 "
    "downdownarrows 21ca downharpoonleft 21c3 downharpoonright 21c2 downslopeellipsis 22f1 "
    "eighthnote 266a ell 2113 emptyset 2205 enskip 2002 epsilon 3f5 eqcirc 2256 "
    "eqslantgtr 2a96 eqslantless 2a95 equiv 2261 estimates 2259 eta 3b7 eth 1aa exists 2203 "
    "fallingdotseq 2252 flat 266d forall 2200 forcesextra 22a8 frown 2322 gamma 3b3 ge 2265 "
    "gemini 264a geq 2265 geqq 2267 geqslant 2a7e gg 226b gimel 2137 gnapprox 2a8a gneq 2a88 "
    "gneqq 2269 gnsim 22e7 greaterequivlnt 2273 gtrapprox 2a86 gtrdot 22d7 gtreqless 22db "
    "gtreqqless 2a8c gtrless 2277 gtrsim 2273 guillemotleft ab guillemotright bb "
    "guilsinglleft 2039 guilsinglright 203a hbar 127 hermitconjmatrix 22b9 homothetic 223b "
    "hookleftarrow 21a9 hookrightarrow 21aa hslash 210f i 131 id 1d540 iddots 22f0 "
    "iiint 222d iint 222c ij 133 image 22b7 in 2208 infty 221e int 222b intercal 22ba "
    "iota 3b9 j 237 jupiter 2643 kappa 3ba l 142 lVert 2016 lambda 3bb langle 27e8 "
    "lazysinv 223e lbrace 7b lceil 2308 ldots 2026 le 2264 leftarrow 2190 leftarrowtail 21a2 "
    "leftharpoondown 21bd leftharpoonup 21bc leftleftarrows 21c7 leftrightarrow 2194 "
    "leftrightarrows 21c6 leftrightharpoons 21cb leftrightsquigarrow 21ad "
    "leftthreetimes 22cb leo 264c leq 2264 leqq 2266 leqslant 2a7d lessapprox 2a85 "
    "lessdot 22d6 lesseqgtr 22da lesseqqgtr 2a8b lessequivlnt 2272 lessgtr 2276 lesssim 2272 "
    "lfloor 230a libra 264e ll 226a llcorner 231e lmoustache 23b0 lnapprox 2a89 lneq 2a87 "
    "lneqq 2268 lnot ac lnsim 22e6 longleftarrow 27f5 longleftrightarrow 27f7 "
    "longmapsto 27fc longrightarrow 27f6 looparrowleft 21ab looparrowright 21ac lozenge 25ca "
    "lrcorner 231f ltimes 22c9 lvert 7c male 2642 mapsto 21a6 measuredangle 2221 "
    "mercury 263f mho 2127 mid 7c mp 2213 mu 3bc multimap 22b8 nLeftarrow 21cd "
    "nLeftrightarrow 21ce nRightarrow 21cf nVDash 22af nVdash 22ae nabla 2207 natural 266e "
    "nearrow 2197 neptune 2646 neq 2260 nexists 2204 ng 14b ngeq 2271 ngtr 226f ni 220b "
    "nleftarrow 219a nleftrightarrow 21ae nleq 2270 nless 226e nmid 2224 nolinebreak 2060 "
    "notgreaterless 2279 notin 2209 notlessgreater 2278 nparallel 2226 nprec 2280 "
    "nrightarrow 219b nsubseteq 2288 nsucc 2281 nsupseteq 2289 ntriangleleft 22ea "
    "ntrianglelefteq 22ec ntriangleright 22eb ntrianglerighteq 22ed nu 3bd nvDash 22ad "
    "nvdash 22ac nwarrow 2196 o f8 odot 2299 oe 153 oint 222e omega 3c9 omicron 3bf "
    "ominus 2296 openbracketleft 301a openbracketright 301b oplus 2295 original 22b6 "
    "oslash 2298 otimes 2297 parallel 2225 partial 2202 perp 22a5 perspcorrespond 2a5e "
    "phi 3d5 pi 3c0 pisces 2653 pitchfork 22d4 pluto 2647 pm b1 prec 227a precapprox 2ab7 "
    "preccurlyeq 227c precedesnotsimilar 22e8 preceq 227c precnapprox 2ab9 precneqq 2ab5 "
    "precsim 227e prime 27 prod 220f propto 221d psi 3c8 quarternote 2669 quotedblbase 201e "
    "quotesinglbase 201a rVert 2016 rangle 27e9 rbrace 7d rceil 2309 recorder 2315 "
    "rfloor 230b rho 3c1 rightangle 221f rightanglearc 22be rightarrow 2192 "
    "rightarrowtail 21a3 rightharpoondown 21c1 rightharpoonup 21c0 rightleftarrows 21c4 "
    "rightleftharpoons 21cc rightmoon 263e rightrightarrows 21c9 rightsquigarrow 21dd "
    "rightthreetimes 22cc risingdotseq 2253 rmoustache 23b1 rtimes 22ca rvert 7c "
    "sagittarius 2650 saturn 2644 scorpio 264f searrow 2198 setminus 2216 sharp 266f "
    "sigma 3c3 sim 223c simeq 2243 smallsetminus 2216 smile 2323 sphericalangle 2222 "
    "sqcap 2293 sqcup 2294 sqrint 2a16 sqsubset 228f sqsubseteq 2291 sqsupset 2290 "
    "sqsupseteq 2292 square 25a1 ss df star 22c6 starequal 225b subset 2282 subseteq 2286 "
    "subseteqq 2ac5 subsetneq 228a subsetneqq 2acb succ 227b succapprox 2ab8 "
    "succcurlyeq 227d succeq 227d succnapprox 2aba succneqq 2ab6 succnsim 22e9 succsim 227f "
    "sum 2211 supset 2283 supseteq 2287 supseteqq 2ac6 supsetneq 228b supsetneqq 2acc "
    "surd 221a surfintegral 222f swarrow 2199 tau 3c4 taurus 2649 textTheta 3f4 "
    "textacutedbl 2dd textasciiacute b4 textasciibreve 2d8 textasciicaron 2c7 "
    "textasciicircum 2c6 textasciidieresis a8 textasciigrave 60 textasciimacron af "
    "textasciitilde 7e textasteriskcentered 204e textbackslash 5c textbaht e3f "
    "textbigcircle 25ef textblank 2422 textbrokenbar a6 textbullet 2022 textcelsius 2103 "
    "textcent a2 textcircledP 2117 textcolonmonetary 20a1 textcompwordmark 200c "
    "textcopyright a9 textcurrency a4 textdagger 2020 textdaggerdbl 2021 textdegree b0 "
    "textdiscount 2052 textdiv f7 textdollar 24 textdong 20ab textdoublepipe 1c2 "
    "textdownarrow 2193 textellipsis 2026 textemdash 2014 textendash 2013 textestimated 212e "
    "texteuro 20ac textexclamdown a1 textflorin 192 textfractionsolidus 2044 "
    "textglotstop 294 texthvlig 195 textinterrobang 203d textlangle 2329 textleftarrow 2190 "
    "textlira 20a4 textlnot ac textmho 2127 textmp 2213 textmu b5 textmusicalnote 266a "
    "textnaira 20a6 textnrleg 19e textnumero 2116 textohm 2126 textonehalf bd "
    "textonequarter bc textonesuperior b9 textopenbullet 25e6 textordfeminine aa "
    "textordmasculine ba textparagraph b6 textperiodcentered 2d9 textpertenthousand 2031 "
    "textperthousand 2030 textpeso 20b1 textphi 278 textpm b1 textquestiondown bf "
    "textquotedblleft 201c textquotedblright 201d textquoteleft 2018 textquoteright 2019 "
    "textquotesingle 27 textrangle 232a textrecipe 211e textreferencemark 203b "
    "textregistered ae textrightarrow 2192 textschwa 259 textsection a7 textservicemark 2120 "
    "textsterling a3 texttheta 3b8 textthreequarters be textthreesuperior b3 "
    "texttildelow 2dc texttimes d7 texttrademark 2122 textturnk 29e texttwosuperior b2 "
    "textuparrow 2191 textvartheta 3d1 textvisiblespace 2423 textwon 20a9 textyen a5 th fe "
    "therefore 2234 theta 3b8 tildetrpl 224b times d7 to 2192 top 22a4 triangledown 25bf "
    "triangleleft 25c3 trianglelefteq 22b4 triangleq 225c triangleright 25b9 "
    "trianglerighteq 22b5 truestate 22a7 twoheadleftarrow 219e twoheadrightarrow 21a0 "
    "udots 22f0 ulcorner 231c uparrow 2191 updownarrow 2195 upharpoonleft 21bf "
    "upharpoonright 21be uplus 228e upsilon 3c5 upslopeellipsis 22f0 upuparrows 21c8 "
    "uranus 2645 urcorner 231d varepsilon 3b5 varkappa 3f0 varnothing 2205 "
    "varperspcorrespond 2306 varphi 3c6 varpi 3d6 varrho 3f1 varsigma 3c2 vartheta 3d1 "
    "vartriangle 25b5 vartriangleleft 22b2 vartriangleright 22b3 vdash 22a2 vdots 22ee "
    "vee 2228 veebar 22bb venus 2640 vert 7c verymuchgreater 22d9 verymuchless 22d8 "
    "virgo 264d volintegral 2230 wedge 2227 wp 2118 wr 2240 xi 3be zeta 3b6 ";

// Base, combining character, composition; all in hexadecimal.
constexpr const char* kCompositions =
    "3c 338 226e 3d 338 2260 3e 338 226f 41 301 c1 41 300 c0 41 308 c4 41 302 c2 41 303 c3 "
    "41 328 104 41 304 100 41 307 226 41 323 1ea0 41 30a c5 41 306 102 41 30c 1cd "
    "42 331 1e06 42 307 1e02 42 323 1e04 43 301 106 43 327 c7 43 302 108 43 307 10a "
    "43 30c 10c 44 327 1e10 44 331 1e0e 44 307 1e0a 44 323 1e0c 44 30c 10e 45 301 c9 "
    "45 300 c8 45 308 cb 45 327 228 45 302 ca 45 303 1ebc 45 328 118 45 304 112 45 307 116 "
    "45 323 1eb8 45 306 114 45 30c 11a 46 307 1e1e 47 301 1f4 47 327 122 47 302 11c "
    "47 304 1e20 47 307 120 47 306 11e 47 30c 1e6 48 308 1e26 48 327 1e28 48 302 124 "
    "48 307 1e22 48 323 1e24 48 30c 21e 49 301 cd 49 300 cc 49 308 cf 49 302 ce 49 303 128 "
    "49 328 12e 49 304 12a 49 307 130 49 323 1eca 49 306 12c 49 30c 1cf 4a 302 134 "
    "4b 301 1e30 4b 327 136 4b 331 1e34 4b 323 1e32 4b 30c 1e8 4c 301 139 4c 327 13b "
    "4c 331 1e3a 4c 323 1e36 4c 30c 13d 4d 301 1e3e 4d 307 1e40 4d 323 1e42 4e 301 143 "
    "4e 300 1f8 4e 327 145 4e 303 d1 4e 331 1e48 4e 307 1e44 4e 323 1e46 4e 30c 147 "
    "4f 301 d3 4f 300 d2 4f 308 d6 4f 302 d4 4f 303 d5 4f 30b 150 4f 328 1ea 4f 304 14c "
    "4f 307 22e 4f 323 1ecc 4f 306 14e 4f 30c 1d1 50 301 1e54 50 307 1e56 52 301 154 "
    "52 327 156 52 331 1e5e 52 307 1e58 52 323 1e5a 52 30c 158 53 301 15a 53 327 15e "
    "53 302 15c 53 307 1e60 53 323 1e62 53 30c 160 54 327 162 54 331 1e6e 54 307 1e6a "
    "54 323 1e6c 54 30c 164 55 301 da 55 300 d9 55 308 dc 55 302 db 55 303 168 55 30b 170 "
    "55 328 172 55 304 16a 55 323 1ee4 55 30a 16e 55 306 16c 55 30c 1d3 56 303 1e7c "
    "56 323 1e7e 57 301 1e82 57 300 1e80 57 308 1e84 57 302 174 57 307 1e86 57 323 1e88 "
    "58 308 1e8c 58 307 1e8a 59 301 dd 59 300 1ef2 59 308 178 59 302 176 59 303 1ef8 "
    "59 304 232 59 307 1e8e 59 323 1ef4 5a 301 179 5a 302 1e90 5a 331 1e94 5a 307 17b "
    "5a 323 1e92 5a 30c 17d 61 301 e1 61 300 e0 61 308 e4 61 302 e2 61 303 e3 61 328 105 "
    "61 304 101 61 307 227 61 323 1ea1 61 30a e5 61 306 103 61 30c 1ce 62 331 1e07 "
    "62 307 1e03 62 323 1e05 63 301 107 63 327 e7 63 302 109 63 307 10b 63 30c 10d "
    "64 327 1e11 64 331 1e0f 64 307 1e0b 64 323 1e0d 64 30c 10f 65 301 e9 65 300 e8 "
    "65 308 eb 65 327 229 65 302 ea 65 303 1ebd 65 328 119 65 304 113 65 307 117 65 323 1eb9 "
    "65 306 115 65 30c 11b 66 307 1e1f 67 301 1f5 67 327 123 67 302 11d 67 304 1e21 "
    "67 307 121 67 306 11f 67 30c 1e7 68 308 1e27 68 327 1e29 68 302 125 68 331 1e96 "
    "68 307 1e23 68 323 1e25 68 30c 21f 69 301 ed 69 300 ec 69 308 ef 69 302 ee 69 303 129 "
    "69 328 12f 69 304 12b 69 323 1ecb 69 306 12d 69 30c 1d0 6a 302 135 6a 30c 1f0 "
    "6b 301 1e31 6b 327 137 6b 331 1e35 6b 323 1e33 6b 30c 1e9 6c 301 13a 6c 327 13c "
    "6c 331 1e3b 6c 323 1e37 6c 30c 13e 6d 301 1e3f 6d 307 1e41 6d 323 1e43 6e 301 144 "
    "6e 300 1f9 6e 327 146 6e 303 f1 6e 331 1e49 6e 307 1e45 6e 323 1e47 6e 30c 148 "
    "6f 301 f3 6f 300 f2 6f 308 f6 6f 302 f4 6f 303 f5 6f 30b 151 6f 328 1eb 6f 304 14d "
    "6f 307 22f 6f 323 1ecd 6f 306 14f 6f 30c 1d2 70 301 1e55 70 307 1e57 72 301 155 "
    "72 327 157 72 331 1e5f 72 307 1e59 72 323 1e5b 72 30c 159 73 301 15b 73 327 15f "
    "73 302 15d 73 307 1e61 73 323 1e63 73 30c 161 74 308 1e97 74 327 163 74 331 1e6f "
    "74 307 1e6b 74 323 1e6d 74 30c 165 75 301 fa 75 300 f9 75 308 fc 75 302 fb 75 303 169 "
    "75 30b 171 75 328 173 75 304 16b 75 323 1ee5 75 30a 16f 75 306 16d 75 30c 1d4 "
    "76 303 1e7d 76 323 1e7f 77 301 1e83 77 300 1e81 77 308 1e85 77 302 175 77 307 1e87 "
    "77 323 1e89 77 30a 1e98 78 308 1e8d 78 307 1e8b 79 301 fd 79 300 1ef3 79 308 ff "
    "79 302 177 79 303 1ef9 79 304 233 79 307 1e8f 79 323 1ef5 79 30a 1e99 7a 301 17a "
    "7a 302 1e91 7a 331 1e95 7a 307 17c 7a 323 1e93 7a 30c 17e 2190 338 219a 2192 338 219b "
    "2194 338 21ae 21d0 338 21cd 21d2 338 21cf 21d4 338 21ce 2203 338 2204 2208 338 2209 "
    "220b 338 220c 2225 338 2226 223c 338 2241 2243 338 2244 2245 338 2247 2248 338 2249 "
    "224d 338 226d 2261 338 2262 2264 338 2270 2265 338 2271 2272 338 2274 2273 338 2275 "
    "2276 338 2278 2277 338 2279 227a 338 2280 227b 338 2281 227c 338 22e0 227d 338 22e1 "
    "2282 338 2284 2283 338 2285 2286 338 2288 2287 338 2289 2291 338 22e2 2292 338 22e3 "
    "22a2 338 22ac 22a8 338 22ad 22a9 338 22ae 22ab 338 22af 22b2 338 22ea 22b3 338 22eb "
    "22b4 338 22ec 22b5 338 22ed ";

std::map<Text, char32_t> read_symbols() {
  std::map<Text, char32_t> symbols;
  std::istringstream words(kSymbols);
  std::string name;
  uint32_t code = 0;
  while (words >> name >> std::hex >> code) {
    symbols.emplace(ascii(name), code);
  }
  return symbols;
}

std::map<std::pair<char32_t, char32_t>, char32_t> read_compositions() {
  std::map<std::pair<char32_t, char32_t>, char32_t> compositions;
  std::istringstream words(kCompositions);
  uint32_t base = 0;
  uint32_t combining = 0;
  uint32_t composed = 0;
  while (words >> std::hex >> base >> combining >> composed) {
    compositions.emplace(std::pair<char32_t, char32_t>(base, combining), composed);
  }
  return compositions;
}

}  // namespace

char32_t latex_symbol(TextView command) {
  static const std::map<Text, char32_t> kTable = read_symbols();
  if (command.size() == 1 && !is_alpha(command[0])) {
    switch (command[0]) {
      case U'&':
      case U'$':
      case U'{':
      case U'}':
      case U'#':
      case U'_':
        return command[0];
      case U',':
      case U';':
      case U':':
      case U' ':
        return U' ';
      case U'\\':
        return U'\n';
      case U'-':
        return 0xAD;  // soft hyphen
      default:
        return 0;
    }
  }
  const auto found = kTable.find(Text(command));
  return found == kTable.end() ? 0 : found->second;
}

Text compose(char32_t base, char32_t combining) {
  static const auto kTable = read_compositions();
  const auto found = kTable.find({base, combining});
  return found == kTable.end() ? Text{base, combining} : Text{found->second};
}

}  // namespace lapidary::rl
