// What PostgreSQL's errors mean to us.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

struct pg_result;

namespace disposable {

// Of a result that is an error. One line; the classes are in postgres_connection.h.
Error server_error(const pg_result* result);

// libpq's messages have several lines with tabs: one line of them.
std::string one_line(std::string_view message);

}  // namespace disposable
