# Run at every build: writes build_commit.h, and touches it only when the commit has changed.

execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  set(commit unknown)
endif()
# Of the commit and not of the build, so that the same sources give the same executable.
execute_process(COMMAND ${CMAKE_COMMAND} -E env TZ=UTC git -C ${SOURCE_DIR} log -1 --format=%cd --date=format-local:%Y-%m-%d
  OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  string(TIMESTAMP date %Y-%m-%d UTC)  # SOURCE_DATE_EPOCH's, where it is set
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
#pragma once

namespace disposable {
inline constexpr const char* kBuildCommit = "@commit@";
inline constexpr const char* kBuildDate = "@date@";
}
]] @ONLY)
