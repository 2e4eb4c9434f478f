// Numbers as digits: the parts that % and str.format share.
#pragma once

#include <string>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

// C's %e, %f or %g (type e, E, f, F, g, G) of a float's size, without sign; "inf" and "nan" in the
// type's case. keeps_point: '#', a decimal point always and no zeros dropped.
std::string float_digits(double number, char type, int precision, bool keeps_point);

// Digits of an integer's size, without sign or prefix: type d, x, X, o, b.
std::string integer_digits(Integer number, char type);

// `digits` with `separator` between groups of `group` from the right, zeros put in front until it
// has `width` characters.
std::string grouped(std::string digits, char separator, size_t group, size_t width);

// Throws when the precision is beyond what makes sense.
int checked_precision(int64_t precision);

}  // namespace lapidary::tokenizer::jinja
