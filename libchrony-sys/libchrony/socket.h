/* What the files about sockets share. Internal; every symbol is hidden. */
#ifndef CHRONYI_SOCKET_H
#define CHRONYI_SOCKET_H

#include "chrony.h"

/* socket.c: closes, and leaves errno as the failure before it set it. */
void chronyi_close_quietly(int fd);

/* unix.c: opens a socket to a path; negative with errno set on failure. */
int chronyi_open_unix(const char *path);
/* Removes what chronyi_open_unix() made for this socket in this process, and nothing else. */
void chronyi_remove_client_path(int fd);

#endif
